"""The order events that customers are told of, as far as a message to them needs to know."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from services.chassis.messaging.messages import InvalidMessage, Message


class _Part(BaseModel):
    # What other services add to their events later does not concern this one.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Money(_Part):
    """Integer minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class Contact(_Part):
    name: str
    email: str


class Line(_Part):
    """Without name and price until the product service has fixed them."""

    product_id: UUID
    name: str | None
    quantity: int
    unit_price: Money | None


class Address(_Part):
    name: str
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    postal_code: str | None = None
    country: str


class Payment(_Part):
    status: str


class Order(_Part):
    """An order as the event shows it."""

    id: UUID
    customer_id: str
    reason: str | None
    contact: Contact
    lines: tuple[Line, ...]
    total: Money | None
    shipping_address: Address
    payment: Payment


def read_order(message: Message) -> Order:
    """The order in an event. Raises InvalidMessage with the fields that are wrong, never with their values."""
    return order_of(message.data)


def order_of(data: dict[str, Any]) -> Order:
    """As `read_order`, of the event's data alone."""
    try:
        return Order.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)[:5]
        )
        raise InvalidMessage(f"not an order: {faults}") from None

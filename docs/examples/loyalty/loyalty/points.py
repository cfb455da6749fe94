"""Points that an order is worth. Pure: an event in, points out."""

from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from services.chassis.messaging.messages import InvalidMessage, Message

TOPIC: Final = "order.events"
PAID: Final = frozenset({"CONFIRMED", "SHIPPED", "DELIVERED"})
"""Statuses in which the money is taken (docs/saga.md)."""


class _Part(BaseModel):
    # What the platform adds to its events later does not concern this service.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Money(_Part):
    """Integer minor units."""

    amount: int


class Refund(_Part):
    amount: Money
    status: str


class Order(_Part):
    """An order as the event shows it; without a total until its prices are fixed."""

    id: UUID
    version: int
    status: str
    customer_id: str
    total: Money | None
    refunds: tuple[Refund, ...] = ()


def order_of(message: Message) -> Order:
    """Raises InvalidMessage with the fields that are wrong, never with their values."""
    try:
        return Order.model_validate(message.data)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)[:5])
        raise InvalidMessage(f"not an order: {'; '.join(faults)}") from None


def points(order: Order, minor_units_per_point: int) -> int:
    """One for each whole unit that was paid and not given back."""
    if order.status not in PAID or order.total is None:
        return 0
    given_back = sum(refund.amount.amount for refund in order.refunds if refund.status == "succeeded")
    return max(0, order.total.amount - given_back) // minor_units_per_point

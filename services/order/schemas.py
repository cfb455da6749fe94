"""What the order API takes, and an order as the API and the public feed show it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator
from typing_extensions import TypedDict

from services.chassis.http.operations import SameAs
from services.chassis.http.schemas import Body, Filled, Money, MoneyDocument, Text, Uuid
from services.order.countries import COUNTRIES
from services.order.saga import Line, Order, Payment, Reason, Status


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("must be an ISO 3166-1 alpha-2 country code, such as DE")
    return code


AddressLine = Annotated[Filled, Field(min_length=1, max_length=200)]
Country = Annotated[
    str,
    AfterValidator(_country),
    Field(description="ISO 3166-1 alpha-2.", json_schema_extra={"pattern": "^[A-Z]{2}$", "examples": ["GB"]}),
]


class OrderedLine(Body):
    product_id: Uuid
    quantity: int = Field(ge=1, le=999)


class Address(Body):
    name: AddressLine
    line1: AddressLine
    line2: AddressLine | None = None
    city: AddressLine
    region: AddressLine | None = None
    postal_code: Annotated[AddressLine, Field(max_length=20)] | None = None
    country: Country


class PaymentMethod(Body):
    """`token` stands for a card at the payment provider; card data itself never comes here."""

    type: Literal["card"]
    token: Annotated[Filled, Field(min_length=1, max_length=255)]


class PlaceOrder(Body):
    lines: Annotated[list[OrderedLine], Field(min_length=1, max_length=100)]
    shipping_address: Address
    payment_method: PaymentMethod
    expected_total: Money | None = None

    @field_validator("lines")
    @classmethod
    def _each_product_once(cls, lines: list[OrderedLine]) -> list[OrderedLine]:
        if len({line.product_id for line in lines}) < len(lines):
            raise ValueError("a product may stand in one line only; add up its quantities")
        return lines


class CancelOrder(Body):
    reason: Annotated[Text, Field(max_length=500)] | None = None


class ContactDocument(TypedDict):
    """From the token the order was placed with."""

    name: str
    email: str


class LineDocument(TypedDict):
    """`sku`, `name` and `unit_price` are null until RESERVED: product fixes them."""

    product_id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    sku: str | None
    name: str | None
    quantity: int
    unit_price: MoneyDocument | None


class OrderPaymentDocument(TypedDict):
    status: Payment


class OrderDocument(TypedDict):
    """An order. `version` rises by one with each event of the public feed."""

    id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    status: Status
    reason: Annotated[Reason | None, Field(description="Null unless REJECTED.")]
    customer_id: str
    contact: ContactDocument
    lines: list[LineDocument]
    total: Annotated[MoneyDocument | None, Field(description="Null until RESERVED.")]
    shipping_address: Annotated[dict[str, str | None], SameAs(Address)]
    payment: OrderPaymentDocument
    refunds: Annotated[list[Any], Field(max_length=0, description="Always empty in this version.")]
    shipment: Annotated[None, Field(description="Always null in this version.")]
    created_at: datetime
    updated_at: datetime
    version: Annotated[int, Field(ge=1)]


class TimelineEntryDocument(TypedDict):
    at: datetime
    event: Annotated[str, Field(examples=["created", "reserved", "authorized", "confirmed"])]
    status: Annotated[Status, Field(description="The order's status after it.")]
    detail: str


class TimelineDocument(TypedDict):
    """What happened to an order, oldest first."""

    items: list[TimelineEntryDocument]


def shown(order: Order) -> OrderDocument:
    """The order resource; the payment token is no part of it."""
    return {
        "id": str(order.id),
        "status": order.status,
        "reason": order.reason,
        "customer_id": order.customer_id,
        "contact": {"name": order.contact_name, "email": order.contact_email},
        "lines": [_line(line, order.currency) for line in order.lines],
        "total": _money(order.total, order.currency),
        "shipping_address": order.shipping_address,
        "payment": {"status": order.payment},
        "refunds": [],
        "shipment": None,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "version": order.version,
    }


def _line(line: Line, currency: str) -> LineDocument:
    return {
        "product_id": str(line.product_id),
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": _money(line.unit_price, currency),
    }


def _money(amount: int | None, currency: str) -> MoneyDocument | None:
    return None if amount is None else {"amount": amount, "currency": currency}

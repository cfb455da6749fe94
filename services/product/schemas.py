"""Bodies of requests, and how resources are rendered."""

from datetime import datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from services.chassis.http.schemas import Body, Filled, Identifier, Money, MoneyDocument, Text

_MAX_PRICE = 100_000_000
_MAX_DELTA = 1_000_000_000


def _price(price: Money) -> Money:
    if not 1 <= price.amount <= _MAX_PRICE:
        raise ValueError(f"amount must be from 1 to {_MAX_PRICE} minor units")
    return price


def _not_zero(delta: int) -> int:
    if delta == 0:
        raise ValueError("must not be 0")
    return delta


class NewProduct(Body):
    """`POST /api/v1/products`. Without `image_url` the product gets a drawn picture."""

    sku: Annotated[Identifier, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
    name: Annotated[Filled, Field(max_length=200)]
    description: Annotated[Text, Field(max_length=5000)]
    category: Annotated[Filled, Field(max_length=64)]
    price: Annotated[
        Money,
        AfterValidator(_price),
        Field(description="Amount from 1 to 100,000,000, of which cards are charged (KWD and its like end in 0)."),
    ]
    image_url: Annotated[Identifier, Field(pattern=r"^(https?://[^\s/]|/[^\s/])\S*$", max_length=2048)] | None = None
    status: Literal["active", "archived"] = "active"


class Adjustment(Body):
    """`POST /api/v1/products/{id}/stock-adjustments`: `delta` units come (positive) or go (negative)."""

    delta: Annotated[int, Field(ge=-_MAX_DELTA, le=_MAX_DELTA, description="Not 0."), AfterValidator(_not_zero)]
    reason: Annotated[Filled, Field(max_length=200)]


class ProductRow(NamedTuple):
    """A product with its stock, in the order of the repository's columns."""

    id: UUID
    sku: str
    name: str
    description: str
    category: str
    price_amount: int
    currency: str
    image_url: str
    status: str
    version: int
    available: int


class MoveRow(NamedTuple):
    """One stock move, in the order of the repository's columns."""

    id: UUID
    product_id: UUID
    delta: int
    reason: str
    created_at: datetime


class ProductDocument(TypedDict):
    """A product, active or archived."""

    id: UUID
    sku: str
    name: str
    description: str
    category: str
    price: MoneyDocument
    available: Annotated[int, Field(ge=0, description="On hand: what can be ordered now.")]
    image_url: Annotated[str, Field(description="Absolute, or a path of this API.")]
    status: Annotated[str, Field(json_schema_extra={"enum": ["active", "archived"]})]


class StockMoveDocument(TypedDict):
    """An adjustment of a product's stock."""

    id: UUID
    product_id: UUID
    delta: int
    reason: str
    created_at: datetime


def product_document(row: ProductRow) -> ProductDocument:
    """The product as the API shows it; `available` is what is on hand."""
    return {
        "id": row.id,
        "sku": row.sku,
        "name": row.name,
        "description": row.description,
        "category": row.category,
        "price": {"amount": row.price_amount, "currency": row.currency},
        "available": row.available,
        "image_url": row.image_url,
        "status": row.status,
    }


def entity_tag(row: ProductRow) -> str:
    """The product's version, and what is on hand behind a dot.

    Stock moves without a new version, and who holds a tag must be told of it.
    """
    return f'"{row.version}.{row.available}"'


def move_document(row: MoveRow) -> StockMoveDocument:
    """The stock move as the API shows it."""
    return {
        "id": row.id,
        "product_id": row.product_id,
        "delta": row.delta,
        "reason": row.reason,
        "created_at": row.created_at,
    }

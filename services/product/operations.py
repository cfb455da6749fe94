"""What the product service says of its HTTP API."""

from typing import Any, Final

from services.chassis.http.operations import Access, Answer, Content, ListOf, Operation, Parameter, Problems
from services.chassis.http.problems import BadRequest, Conflict, NotFound
from services.product.schemas import Adjustment, NewProduct, ProductDocument, StockMoveDocument

DESCRIPTION: Final = "The catalog, its pictures and its stock."

_ID: Final = "1c0741c6-6c4a-5e1a-ad76-c6dca539f265"
_NEW: Final[dict[str, Any]] = {
    "sku": "LGT-001",
    "name": "Arc Desk Lamp",
    "description": "Jointed aluminium arm, warm 2700 K light, dimmed with a touch on the foot.",
    "category": "lighting",
    "price": {"amount": 8900, "currency": "EUR"},
}
_PRODUCT: Final = {
    "id": _ID,
    **_NEW,
    "available": 10000,
    "image_url": "/images/products/LGT-001.svg",
    "status": "active",
}
_MOVE: Final = {
    "id": "01a20689-f8e1-7c02-9a64-5f2b7f0d1c3e",
    "product_id": _ID,
    "delta": 250,
    "reason": "delivery",
    "created_at": "2026-11-23T03:53:54.878603Z",
}
_NOT_CHANGED: Final = Answer(status=304, description="Not changed.", headers=["ETag", "Cache-Control"])
_NO_PRODUCT: Final[Problems] = {NotFound: "There is no such product."}


def _text(name: str, description: str) -> Parameter:
    return Parameter(name=name, description=description, schema={"type": "string", "maxLength": 200})


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/api/v1/products",
        name="listProducts",
        summary="List active products",
        description="By name, or the best match of `q` first; at most a second old.",
        access=Access.PUBLIC,
        paged=True,
        parameters=[
            _text("q", "Words to look for, in any script and form; each must begin a word of the product."),
            _text("category", "Only this category, in its exact spelling."),
        ],
        answers=[
            Answer(
                status=200,
                description="A page.",
                content=Content(type=ListOf(ProductDocument), example={"items": [_PRODUCT], "next_cursor": None}),
                headers=["ETag", "Cache-Control"],
            ),
            _NOT_CHANGED,
        ],
    ),
    Operation(
        method="POST",
        path="/api/v1/products",
        name="createProduct",
        summary="Add a product",
        description="With a stock of 0. Without `image_url` it gets a drawn picture.",
        access=Access.ADMIN,
        body=Content(type=NewProduct, example=_NEW),
        answers=[
            Answer(
                status=201,
                description="The product.",
                content=Content(type=ProductDocument, example={**_PRODUCT, "available": 0}),
                headers=["Location", "ETag"],
            )
        ],
        problems={Conflict: "The `sku` is taken."},
    ),
    Operation(
        method="GET",
        path="/api/v1/products/{id}",
        name="readProduct",
        summary="Read a product",
        description="Active or archived.",
        access=Access.PUBLIC,
        answers=[
            Answer(
                status=200,
                description="The product, at most a second old. Its `ETag` begins with its version.",
                content=Content(type=ProductDocument, example=_PRODUCT),
                headers=["ETag", "Cache-Control"],
            ),
            _NOT_CHANGED,
        ],
        problems=_NO_PRODUCT,
    ),
    Operation(
        method="POST",
        path="/api/v1/products/{id}/stock-adjustments",
        name="adjustStock",
        summary="Adjust a product's stock",
        description="`delta` units come (positive) or go (negative).",
        access=Access.ADMIN,
        body=Content(type=Adjustment, example={"delta": 250, "reason": "delivery"}),
        idempotency_key=True,
        answers=[
            Answer(
                status=201,
                description="The stock move; on a repeat, the first one's.",
                content=Content(type=StockMoveDocument, example=_MOVE),
                headers=["Location"],
            )
        ],
        problems={
            **_NO_PRODUCT,
            BadRequest: "Unreadable JSON, or `Idempotency-Key` is missing or malformed.",
            Conflict: "Stock would fall below zero.",
        },
    ),
    Operation(
        method="GET",
        path="/api/v1/products/{id}/stock-moves",
        name="listStockMoves",
        summary="List a product's stock moves, newest first",
        access=Access.ADMIN,
        paged=True,
        answers=[
            Answer(
                status=200,
                description="A page.",
                content=Content(type=ListOf(StockMoveDocument), example={"items": [_MOVE], "next_cursor": None}),
            )
        ],
        problems=_NO_PRODUCT,
    ),
    Operation(
        method="GET",
        path="/api/v1/products/{id}/stock-moves/{move}",
        name="readStockMove",
        summary="Read a stock move",
        access=Access.ADMIN,
        answers=[Answer(status=200, description="The move.", content=Content(type=StockMoveDocument, example=_MOVE))],
        problems={NotFound: "There is no such product, or it has no such move."},
    ),
    Operation(
        method="GET",
        path="/images/products/{sku}.svg",
        name="readPicture",
        summary="A product's drawn picture",
        access=Access.PUBLIC,
        parameters=[Parameter(name="sku", place="path", description="The product's `sku`.")],
        answers=[
            Answer(
                status=200,
                description="The picture.",
                content=Content(type={"type": "string"}, media_type="image/svg+xml"),
                headers=["ETag", "Cache-Control"],
            ),
            _NOT_CHANGED,
        ],
        problems={NotFound: "There is no picture under this name."},
    ),
)

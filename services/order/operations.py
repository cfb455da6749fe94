"""What the order service says of its HTTP API."""

from typing import Any, Final

from services.chassis.http.operations import Answer, Content, ListOf, Operation, Parameter, Problems
from services.chassis.http.problems import BadRequest, Conflict, NotFound, Unavailable
from services.chassis.http.tokens import LONGEST_SUBJECT
from services.order.saga import Status
from services.order.schemas import CancelOrder, OrderDocument, PlaceOrder, TimelineDocument

DESCRIPTION: Final = "Placing orders, following them, cancelling them."

_ID: Final = "01a20689-f7be-7044-90d3-8c3394b1996a"
_LAMP: Final = "1c0741c6-6c4a-5e1a-ad76-c6dca539f265"
_ADDRESS: Final = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}
_TOTAL: Final = {"amount": 17800, "currency": "EUR"}
_PLACE: Final = {
    "lines": [{"product_id": _LAMP, "quantity": 2}],
    "shipping_address": _ADDRESS,
    "payment_method": {"type": "card", "token": "pm_card_visa"},
    "expected_total": _TOTAL,
}
_PENDING: Final[dict[str, Any]] = {
    "id": _ID,
    "status": "PENDING",
    "reason": None,
    "customer_id": "01a20689-eca0-73bd-87b2-938fa2a0b35f",
    "contact": {"name": "Ada Lovelace", "email": "ada@shop.test"},
    "lines": [{"product_id": _LAMP, "sku": None, "name": None, "quantity": 2, "unit_price": None}],
    "total": None,
    "shipping_address": {**_ADDRESS, "line2": None, "region": None},
    "payment": {"status": "none"},
    "refunds": [],
    "shipment": None,
    "created_at": "2026-11-23T03:53:54.878603Z",
    "updated_at": "2026-11-23T03:53:54.878603Z",
    "version": 1,
}
_CONFIRMED: Final = {
    **_PENDING,
    "status": "CONFIRMED",
    "lines": [
        {
            "product_id": _LAMP,
            "sku": "LGT-001",
            "name": "Arc Desk Lamp",
            "quantity": 2,
            "unit_price": {"amount": 8900, "currency": "EUR"},
        }
    ],
    "total": _TOTAL,
    "payment": {"status": "captured"},
    "updated_at": "2026-11-23T03:53:55.625752Z",
    "version": 4,
}
_CANCELLED: Final = {**_CONFIRMED, "status": "CANCELLED", "payment": {"status": "reversing"}, "version": 5}
_TIMELINE: Final = {
    "items": [
        {
            "at": "2026-11-23T03:53:54.878603Z",
            "event": "created",
            "status": "PENDING",
            "detail": "Order received.",
        },
        {
            "at": "2026-11-23T03:53:55.113870Z",
            "event": "reserved",
            "status": "RESERVED",
            "detail": "Stock is reserved and prices are fixed.",
        },
    ]
}
_NOT_FOUND: Final[Problems] = {NotFound: "There is no such order, or it is another customer's."}

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/api/v1/orders",
        name="placeOrder",
        summary="Place an order",
        description="The order is taken and lives on by itself: follow it under `Location`. It ends CONFIRMED, or "
        "REJECTED with a `reason`. With `expected_total`, an order whose total is another ends `price_changed`.\n\n"
        "Cards are named by a payment token, never by their number: a field that looks like one is refused.",
        body=Content(type=PlaceOrder, example=_PLACE),
        idempotency_key=True,
        answers=[
            Answer(
                status=202,
                description="The order, PENDING; on a repeat, the order as it is now.",
                content=Content(type=OrderDocument, example=_PENDING),
                headers=["Location"],
            )
        ],
        problems={
            BadRequest: "Unreadable JSON, or `Idempotency-Key` is missing or malformed.",
            Unavailable: "`overloaded`: more orders arrive than can be finished in time; nothing was begun. "
            "`unavailable`: a part of the platform is restarting; the effect may have happened. Send the same request "
            "again, under the same `Idempotency-Key`, after `Retry-After` seconds.",
        },
    ),
    Operation(
        method="GET",
        path="/api/v1/orders",
        name="listOrders",
        summary="List orders, newest first",
        description="One's own; all of them for an administrator.",
        paged=True,
        parameters=[
            Parameter(name="status", description="Only those.", schema={"type": "string", "enum": [*Status]}),
            Parameter(
                name="customer_id",
                description="Administrators: only this customer's.",
                schema={"type": "string", "maxLength": LONGEST_SUBJECT},
            ),
            Parameter(
                name="q",
                description="Administrators: words of the contact's name or e-mail, in any form, or an id.",
                schema={"type": "string", "maxLength": 200},
            ),
        ],
        answers=[
            Answer(
                status=200,
                description="A page.",
                content=Content(type=ListOf(OrderDocument), example={"items": [_CONFIRMED], "next_cursor": None}),
            )
        ],
    ),
    Operation(
        method="GET",
        path="/api/v1/orders/{id}",
        name="readOrder",
        summary="Read an order",
        answers=[Answer(status=200, description="The order.", content=Content(type=OrderDocument, example=_CONFIRMED))],
        problems=_NOT_FOUND,
    ),
    Operation(
        method="GET",
        path="/api/v1/orders/{id}/timeline",
        name="readTimeline",
        summary="What happened to an order",
        answers=[
            Answer(
                status=200,
                description="Every step, oldest first.",
                content=Content(type=TimelineDocument, example=_TIMELINE),
            )
        ],
        problems=_NOT_FOUND,
    ),
    Operation(
        method="POST",
        path="/api/v1/orders/{id}/cancellation",
        name="cancelOrder",
        summary="Cancel an order",
        description="At once and for good: stock is released, and money is given back as `payment.status` tells. "
        "The same again on a CANCELLED order. The body may be left out.",
        body=Content(type=CancelOrder, example={"reason": "Ordered twice."}, required=False),
        answers=[
            Answer(
                status=202,
                description="The order, CANCELLED.",
                content=Content(type=OrderDocument, example=_CANCELLED),
            )
        ],
        problems={**_NOT_FOUND, Conflict: "The order is REJECTED, SHIPPED or DELIVERED."},
    ),
)

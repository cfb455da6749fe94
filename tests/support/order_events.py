"""Order events as the order service publishes them."""

from typing import Any
from uuid import UUID, uuid4

from services.chassis.messaging.messages import Message


def order_data(order_id: UUID | None = None, **changes: Any) -> dict[str, Any]:
    """A confirmed order of two kettles; `changes` replace members."""
    data: dict[str, Any] = {
        "id": str(order_id or uuid4()),
        "status": "CONFIRMED",
        "reason": None,
        "customer_id": "customer-1",
        "contact": {"name": "Ann", "email": "ann@shop.test"},
        "lines": [
            {
                "product_id": str(uuid4()),
                "sku": "KIT-001",
                "name": "Kettle",
                "quantity": 2,
                "unit_price": {"amount": 61750, "currency": "EUR"},
            }
        ],
        "total": {"amount": 123500, "currency": "EUR"},
        "shipping_address": {
            "name": "Ann Smith",
            "line1": "1 High Street",
            "line2": None,
            "city": "Dublin",
            "region": None,
            "postal_code": "D01",
            "country": "IE",
        },
        "payment": {"status": "captured"},
        "refunds": [],
        "shipment": None,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:01Z",
        "version": 4,
    }
    return data | changes


def order_event(kind: str, order_id: UUID | None = None, **changes: Any) -> Message:
    """An event of type `mercato.order.<kind>.v1`."""
    data = order_data(order_id, **changes)
    return Message("order.events", data["id"], f"mercato.order.{kind}.v1", data)

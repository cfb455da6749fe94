"""Ledger rows as the objects of Stripe's API.

A snapshot is a row as JSON; it is what an idempotency key and an event keep, so both can be rendered again at any time.
"""

from datetime import datetime
from typing import Any

Snapshot = dict[str, Any]


def intent(row: Snapshot, *, expand: bool = False) -> dict[str, Any]:
    """A PaymentIntent; `expand` puts the whole charge in place of its id."""
    taken = row["status"] in ("requires_capture", "succeeded")
    return {
        "id": row["id"],
        "object": "payment_intent",
        "amount": row["amount"],
        "amount_capturable": row["amount_capturable"],
        "amount_received": row["amount_received"],
        "capture_method": "manual",
        "created": _epoch(row["created_at"]),
        "currency": row["currency"],
        "last_payment_error": row["last_error"],
        "latest_charge": (charge(row) if expand else _charge_id(row)) if taken else None,
        "livemode": False,
        "metadata": row["metadata"],
        "status": row["status"],
    }


def charge(row: Snapshot) -> dict[str, Any]:
    """The charge of an authorized PaymentIntent."""
    return {
        "id": _charge_id(row),
        "object": "charge",
        "amount": row["amount"],
        "amount_captured": row["amount_received"],
        "amount_refunded": row["amount_refunded"],
        "captured": row["amount_received"] > 0,
        "currency": row["currency"],
        "metadata": row["metadata"],
        "payment_intent": row["id"],
        "refunded": 0 < row["amount_received"] == row["amount_refunded"],
    }


def refund(row: Snapshot) -> dict[str, Any]:
    return {
        "id": row["id"],
        "object": "refund",
        "amount": row["amount"],
        "created": _epoch(row["created_at"]),
        "currency": row["currency"],
        "metadata": row["metadata"],
        "payment_intent": row["payment_intent_id"],
        "reason": row["reason"],
        "status": row["status"],
    }


def event(identity: str, kind: str, row: Snapshot, created: datetime) -> dict[str, Any]:
    """A webhook's body."""
    return {
        "id": identity,
        "object": "event",
        "type": kind,
        "created": int(created.timestamp()),
        "livemode": False,
        "data": {"object": charge(row) if kind.startswith("charge.") else intent(row)},
    }


def page(items: list[dict[str, Any]], url: str, *, more: bool = False, kind: str = "list") -> dict[str, Any]:
    return {"object": kind, "url": url, "has_more": more, "data": items}


def _charge_id(row: Snapshot) -> str:
    return "ch_" + str(row["id"]).removeprefix("pi_")


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())

"""Ledger rows as the objects of Stripe's API.

A snapshot is a row as JSON; it is what an idempotency key and an event keep, so both can be rendered again at any time.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

Snapshot = dict[str, Any]

API_VERSION: Final = "2026-10-28.endive"
"""What the answers look like; told by every answer and every event."""

# Parts of a PaymentIntent that the simulator has none of; clients may look for them.
_NONE_OF = """
    application application_fee_amount automatic_payment_methods customer description on_behalf_of processing
    receipt_email review setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data
    transfer_group
"""
_NONE = dict.fromkeys(_NONE_OF.split())
_STRIPE_JS = {"type": "three_d_secure_redirect", "stripe_js": "https://hooks.stripe.com/redirect/authenticate/src_sim"}


def intent(row: Snapshot, expand: Collection[str] = ()) -> dict[str, Any]:
    """A PaymentIntent; `expand` names what is shown whole in place of its id."""
    charged = row["status"] in ("requires_capture", "succeeded")
    waits_for_action = row["status"] == "requires_action"
    return {
        **_NONE,
        "id": row["id"],
        "object": "payment_intent",
        "amount": row["amount"],
        "amount_capturable": row["amount_capturable"],
        "amount_received": row["amount_received"],
        "canceled_at": _epoch(row.get("canceled_at")),
        "cancellation_reason": row.get("cancellation_reason"),
        "capture_method": "manual",
        "confirmation_method": "automatic",
        "created": _epoch(row["created_at"]),
        "currency": row["currency"],
        "last_payment_error": row["last_error"],
        "latest_charge": (charge(row) if "latest_charge" in expand else charge_id(row)) if charged else None,
        "livemode": False,
        "metadata": row["metadata"],
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": _STRIPE_JS} if waits_for_action else None,
        "payment_method": _method(row, whole="payment_method" in expand),
        "payment_method_types": ["card"],
        "status": row["status"],
    }


def charge(row: Snapshot) -> dict[str, Any]:
    """The charge of an authorized PaymentIntent."""
    return {
        "id": charge_id(row),
        "object": "charge",
        "amount": row["amount"],
        "amount_captured": row["amount_received"],
        "amount_refunded": row["amount_refunded"],
        "captured": row["amount_received"] > 0,
        "created": _epoch(row["created_at"]),
        "currency": row["currency"],
        "livemode": False,
        "metadata": row["metadata"],
        "paid": True,
        "payment_intent": row["id"],
        "refunded": 0 < row["amount_received"] == row["amount_refunded"],
        "status": "succeeded",
    }


def refund(row: Snapshot, of: Snapshot | None = None, expand: Collection[str] = ()) -> dict[str, Any]:
    """A refund; `of` is its PaymentIntent's row where something of that is to be shown whole."""
    intent_id = row["payment_intent_id"]
    return {
        "id": row["id"],
        "object": "refund",
        "amount": row["amount"],
        "charge": charge(of) if of and "charge" in expand else charge_id({"id": intent_id}),
        "created": _epoch(row["created_at"]),
        "currency": row["currency"],
        "metadata": row["metadata"],
        "payment_intent": intent(of) if of and "payment_intent" in expand else intent_id,
        "reason": row["reason"],
        "status": row["status"],
    }


def event(identity: str, kind: str, row: Snapshot, created: datetime) -> dict[str, Any]:
    """A webhook's body."""
    return {
        "id": identity,
        "object": "event",
        "api_version": API_VERSION,
        "created": int(created.timestamp()),
        "data": {"object": charge(row) if kind.startswith("charge.") else intent(row)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def page(items: list[dict[str, Any]], url: str, *, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": url, "has_more": more, "data": items}


def search_page(items: list[dict[str, Any]], url: str) -> dict[str, Any]:
    return {"object": "search_result", "url": url, "has_more": False, "next_page": None, "data": items}


def charge_id(row: Snapshot) -> str:
    return "ch_" + str(row["id"]).removeprefix("pi_")


def method_id(row: Snapshot) -> str:
    """The name under which the API shows the payment method an intent was given."""
    return "pm_" + str(row["id"]).removeprefix("pi_")


def _method(row: Snapshot, *, whole: bool) -> str | dict[str, Any] | None:
    if not row.get("payment_method"):
        return None
    identity = method_id(row)
    return {"id": identity, "object": "payment_method", "type": "card"} if whole else identity


def _epoch(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text else None

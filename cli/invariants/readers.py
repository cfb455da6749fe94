"""The databases, read into rows; every query is one pass over its tables."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.invariants.rows import Holds, Intent, Key, Level, Notification, Order, Payment, Reservation
from cli.platform.databases import Databases
from services.payment.stripe_amounts import from_stripe

KEYS_KEPT = timedelta(hours=23)
"""An hour less than the order service keeps them."""

_ORDERS = "SELECT id::text, status, version, total, payment, created_at FROM orders"
_KEYS = "SELECT caller, key, right(location, 36) FROM idempotency_key WHERE path = '/api/v1/orders'"
_PAYMENTS = "SELECT order_id::text, status, captured, refunded, due_at IS NOT NULL FROM payment"
_INTENTS = """
SELECT id, order_id, status IN ('requires_capture', 'processing'), amount_received, amount_refunded,
    coalesce(authorizations, 0), coalesce(captures, 0), coalesce(captured, 0)::bigint, coalesce(refunded, 0)::bigint,
    upper(currency)
FROM payment_intent LEFT JOIN (
    SELECT payment_intent_id, count(*) FILTER (WHERE kind = 'authorize') AS authorizations,
        count(*) FILTER (WHERE kind = 'capture') AS captures, sum(amount) FILTER (WHERE kind = 'capture') AS captured,
        sum(amount) FILTER (WHERE kind = 'refund') AS refunded
    FROM entry GROUP BY payment_intent_id
) AS entries ON payment_intent_id = id
"""
# The ledger is read as a history: how many of an order's holds were open after each of its entries.
_HOLDS = """
SELECT order_id, max(open)::bigint FROM (
    SELECT order_id, sum(CASE kind WHEN 'authorize' THEN 1 WHEN 'refund' THEN 0 ELSE -1 END)
        OVER (PARTITION BY order_id ORDER BY entry.id) AS open
    FROM entry JOIN payment_intent ON payment_intent.id = payment_intent_id WHERE order_id IS NOT NULL
) AS history GROUP BY order_id
"""
_RESERVATIONS = "SELECT order_id::text, state, total_amount FROM reservation"
_LEVELS = """
SELECT sku, on_hand, stock.reserved, stock.sold, coalesce(adjusted, 0)::bigint,
    coalesce(held.reserved, 0)::bigint, coalesce(held.sold, 0)::bigint
FROM stock JOIN product ON product.id = stock.product_id
LEFT JOIN (SELECT product_id, sum(delta) AS adjusted FROM stock_move GROUP BY product_id) AS moves
    ON moves.product_id = stock.product_id
LEFT JOIN (
    SELECT (line ->> 'product_id')::uuid AS product_id,
        sum((line ->> 'quantity')::bigint) FILTER (WHERE state = 'reserved') AS reserved,
        sum((line ->> 'quantity')::bigint) FILTER (WHERE state = 'committed') AS sold
    FROM reservation, jsonb_array_elements(lines) AS line WHERE state IN ('reserved', 'committed') GROUP BY 1
) AS held ON held.product_id = stock.product_id
"""
_NOTIFICATIONS = """
SELECT order_id::text, kind, sent_at IS NOT NULL, failed_at IS NOT NULL, unknown_answers, event_id FROM notification
"""


def orders(databases: Databases) -> dict[str, Order]:
    return {row[0]: Order(*row) for row in databases.stream("order", _ORDERS)}


def keys(databases: Databases) -> list[Key]:
    return [Key(*row) for row in databases.stream("order", _KEYS)]


def with_key(known: Mapping[str, Order]) -> list[Order]:
    """The orders young enough for their idempotency key to be kept."""
    oldest = datetime.now(UTC) - KEYS_KEPT
    return [order for order in known.values() if order.created_at > oldest]


def payments(databases: Databases) -> dict[str, Payment]:
    return {row[0]: Payment(*row) for row in databases.stream("payment", _PAYMENTS)}


def intents(databases: Databases) -> list[Intent]:
    """The provider counts some currencies otherwise than the platform; the rows have the platform's minor units."""
    return [_intent(row) for row in databases.stream("simulator", _INTENTS)]


def _intent(row: tuple[Any, ...]) -> Intent:
    told, currency = Intent(*row[:-1]), row[-1]
    return told._replace(
        captured=_in_ours(told.captured, currency),
        refunded=_in_ours(told.refunded, currency),
        captured_entries=_in_ours(told.captured_entries, currency),
        refunded_entries=_in_ours(told.refunded_entries, currency),
    )


def _in_ours(amount: int, currency: str) -> int:
    """A part of a unit that the platform does not have is left off: the amount then fits no total, and is named."""
    try:
        return from_stripe(amount, currency)
    except ValueError:
        return from_stripe(amount - amount % 100, currency)


def holds(databases: Databases) -> list[Holds]:
    return [Holds(*row) for row in databases.stream("simulator", _HOLDS)]


def reservations(databases: Databases) -> dict[str, Reservation]:
    return {row[0]: Reservation(*row) for row in databases.stream("product", _RESERVATIONS)}


def levels(databases: Databases) -> list[Level]:
    return [Level(*row) for row in databases.stream("product", _LEVELS)]


def notifications(databases: Databases) -> list[Notification]:
    return [Notification(*row) for row in databases.stream("notification", _NOTIFICATIONS)]


def inbox(databases: Databases, group: str) -> frozenset[str]:
    """Ids of the messages that took effect in a service."""
    return frozenset(row[0] for row in databases.stream(group, "SELECT message_id FROM inbox"))

"""Payment rows in and out, set-based. Rows of a batch are always locked in the order of their ids: no deadlocks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from services.chassis.storage.database import Database
from services.payment.intents import Goal, Payment, Status

Connection = AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """A payment and its place in the schedule.

    `claim` names the call in flight; `due_in` is seconds until the next call is due, or until the claim's lease ends.
    None means there is nothing to do.
    """

    payment: Payment
    claim: UUID | None = None
    due_in: float | None = None


_COLUMNS = """order_id, customer_id, amount, currency, goal, status, attempt, provider_id, captured, refunded,
    waits, trace, token"""
_SELECT = f"SELECT {_COLUMNS}, claim, extract(epoch FROM due_at - now())::float8 FROM payment "  # noqa: S608
_LOAD = _SELECT + "WHERE order_id = ANY(%s) ORDER BY order_id FOR UPDATE"
_DUE = _SELECT + "WHERE due_at <= now() ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED"
_SAVE = f"""
INSERT INTO payment ({_COLUMNS}, claim, due_at)
SELECT {_COLUMNS}, claim, now() + make_interval(secs => due_in)
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::integer[], %s::text[],
    %s::bigint[], %s::bigint[], %s::integer[], %s::text[], %s::text[], %s::uuid[], %s::float8[])
    AS given ({_COLUMNS}, claim, due_in)
ON CONFLICT (order_id) DO UPDATE SET
    goal = excluded.goal, status = excluded.status, attempt = excluded.attempt, provider_id = excluded.provider_id,
    captured = excluded.captured, refunded = excluded.refunded, waits = excluded.waits, trace = excluded.trace,
    token = excluded.token, claim = excluded.claim, due_at = excluded.due_at
"""  # noqa: S608
_HURRY = """
UPDATE payment SET due_at = now() WHERE order_id = %s AND claim IS NULL AND due_at > now() RETURNING 1
"""


# Statuses are stored as the release before knows them, which runs beside this one while it is rolled out: it looks such
# a row up by its id. Its own rows of these statuses that have no id are of the former scheme.
_WITHOUT_ID = {"unanswered": Status.FORMER, "missing": Status.FORMER_MISSING, "failed": Status.FORMER_FAILED}
_STORED = {Status.UNCONFIRMED: "unanswered"} | {status: stored for stored, status in _WITHOUT_ID.items()}


async def load(connection: Connection, order_ids: Iterable[UUID]) -> dict[UUID, Row]:
    """The rows there are, locked until the transaction ends."""
    cursor = await connection.execute(_LOAD, (sorted(set(order_ids)),), binary=True)
    return {row.payment.order_id: row for row in map(_row, await cursor.fetchall())}


async def due(connection: Connection, limit: int) -> list[Row]:
    """Rows whose time has come and whom no one else holds, the longest due first; locked."""
    cursor = await connection.execute(_DUE, (limit,), binary=True)
    return [_row(values) for values in await cursor.fetchall()]


async def save(connection: Connection, rows: Sequence[Row]) -> None:
    """Inserts or replaces."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row.payment.order_id)
    columns = list(zip(*(_values(row) for row in ordered), strict=True))
    await connection.execute(_SAVE, [list(column) for column in columns], binary=True)


async def hurry(database: Database, order_id: UUID) -> bool:
    """A call that waits for its time is due now; says whether there was one."""
    return bool(await database.fetch(_HURRY, (order_id,)))


async def waiting(database: Database) -> int:
    """How many payments wait for their next call."""
    rows = await database.fetch("SELECT count(*) FROM payment WHERE due_at IS NOT NULL AND claim IS NULL")
    return int(rows[0][0])


def _row(values: tuple[Any, ...]) -> Row:
    (order_id, customer_id, amount, currency, goal, status, attempt, provider_id, captured, refunded) = values[:10]
    waits, trace, token, claim, due_in = values[10:]
    known = _WITHOUT_ID.get(status) if provider_id is None else None
    payment = Payment(
        order_id, customer_id, amount, currency, Goal(goal), known or Status(status), attempt, provider_id, captured,
        refunded, waits, trace, token,
    )  # fmt: skip
    return Row(payment, claim, due_in)


def _values(row: Row) -> tuple[Any, ...]:
    p = row.payment
    return (
        p.order_id, p.customer_id, p.amount, p.currency, p.goal.value, _STORED.get(p.status, p.status.value),
        p.attempt, p.provider_id, p.captured, p.refunded, p.waits, p.trace, p.token, row.claim, row.due_in,
    )  # fmt: skip

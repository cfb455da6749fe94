"""Payment rows in and out, set-based. Rows that are locked are so in the order of their ids: no deadlocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Database
from services.payment.intents import Goal, Payment, Status


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
_FIELDS = tuple(column.strip() for column in _COLUMNS.split(","))
_SELECT = f"SELECT {_COLUMNS}, claim, extract(epoch FROM due_at - now())::float8, xmin::text FROM payment "  # noqa: S608
_LOAD = _SELECT + "WHERE order_id = ANY(%s) ORDER BY order_id"
# Payments that are begun come first, so that they end; the head start is bounded, so that no other waits for ever.
_DUE = (
    _SELECT
    + """WHERE due_at <= now()
    ORDER BY due_at - CASE WHEN provider_id IS NULL THEN interval '0' ELSE interval '30 seconds' END LIMIT %s"""
)
_INSERT = f"""
INSERT INTO payment ({_COLUMNS}, claim, due_at)
SELECT {_COLUMNS}, claim, now() + make_interval(secs => due_in) FROM json_to_recordset(%s)
AS r (order_id uuid, customer_id text, amount bigint, currency text, goal text, status text, attempt integer,
    provider_id text, captured bigint, refunded bigint, waits integer, trace text, token text, claim uuid,
    due_in float8)
"""  # noqa: S608
_UPDATE = """
UPDATE payment SET goal = new.goal, status = new.status, attempt = new.attempt, provider_id = new.provider_id,
    captured = new.captured, refunded = new.refunded, waits = new.waits, trace = new.trace, token = new.token,
    claim = new.claim, due_at = now() + make_interval(secs => new.due_in)
FROM json_to_recordset(%s) AS new (order_id uuid, revision xid, goal text, status text, attempt integer,
    provider_id text, captured bigint, refunded bigint, waits integer, trace text, token text, claim uuid,
    due_in float8)
WHERE payment.order_id = new.order_id AND payment.xmin = new.revision
"""


# Statuses are stored as the release before knows them, which runs beside this one while it is rolled out: it looks such
# a row up by its id. Its own rows of these statuses that have no id are of the former scheme.
_WITHOUT_ID = {"unanswered": Status.FORMER, "missing": Status.FORMER_MISSING, "failed": Status.FORMER_FAILED}
_STORED = {Status.UNCONFIRMED: "unanswered"} | {status: stored for stored, status in _WITHOUT_ID.items()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows that were read, by order, and their revisions."""

    rows: dict[UUID, Row]
    revisions: Mapping[UUID, str]


def load(unit: Unit, order_ids: Iterable[UUID]) -> Loaded:
    """The rows there are."""
    return _loaded(unit.read(_LOAD, sorted(set(order_ids)), lock="FOR UPDATE"))


def due(unit: Unit, limit: int) -> Loaded:
    """Rows whose time has come, those begun first; what somebody else has locked comes next time."""
    return _loaded(unit.read(_DUE, limit, lock="FOR UPDATE SKIP LOCKED"))


def save(unit: Unit, rows: Iterable[Row], loaded: Loaded) -> None:
    """Inserts those that were not there, and replaces the others."""
    ordered = sorted(rows, key=lambda row: row.payment.order_id)
    known = loaded.revisions
    unit.write(_INSERT, [_document(row) for row in ordered if row.payment.order_id not in known])
    changed = [
        {**_document(row), "revision": known[row.payment.order_id]} for row in ordered if row.payment.order_id in known
    ]
    unit.write(_UPDATE, changed, expected=len(changed))


async def waiting(database: Database) -> int:
    """How many payments wait for their next call."""
    rows = await database.fetch("SELECT count(*) FROM payment WHERE due_at IS NOT NULL AND claim IS NULL")
    return int(rows[0][0])


def _loaded(found: Sequence[tuple[Any, ...]]) -> Loaded:
    rows = [_row(values[:-1]) for values in found]
    revisions = {row.payment.order_id: values[-1] for row, values in zip(rows, found, strict=True)}
    return Loaded({row.payment.order_id: row for row in rows}, revisions)


def _row(values: tuple[Any, ...]) -> Row:
    (order_id, customer_id, amount, currency, goal, status, attempt, provider_id, captured, refunded) = values[:10]
    waits, trace, token, claim, due_in = values[10:]
    known = _WITHOUT_ID.get(status) if provider_id is None else None
    payment = Payment(
        order_id, customer_id, amount, currency, Goal(goal), known or Status(status), attempt, provider_id, captured,
        refunded, waits, trace, token,
    )  # fmt: skip
    return Row(payment, claim, due_in)


def _document(row: Row) -> dict[str, Any]:
    p = row.payment
    return {
        **{name: getattr(p, name) for name in _FIELDS},
        "status": _STORED.get(p.status, p.status.value),
        "claim": row.claim,
        "due_in": row.due_in,
    }

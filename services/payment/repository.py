"""Payment rows in and out, set-based. Rows that are locked are so in the order of their ids: no deadlocks."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from services.chassis.messaging.recent import Recent
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
class Stored:
    """A row and its revision; whether that was read just now, or is remembered since `at` (monotonic)."""

    row: Row
    revision: str
    remembered: bool = False
    at: float = 0.0

    def now(self) -> "Stored":
        """With the seconds that are left by now."""
        if not self.remembered or self.row.due_in is None:
            return self
        return replace(self, row=replace(self.row, due_in=self.row.due_in - (time.monotonic() - self.at)))


Loaded = dict[UUID, Stored]
Memory = Recent[UUID, Stored]


def load(unit: Unit, order_ids: Iterable[UUID], memory: Memory) -> Loaded:
    """The rows there are, or as they are remembered."""
    wanted = set(order_ids)
    known = {} if unit.locking else {order_id: stored.now() for order_id, stored in memory.of(wanted).items()}
    missing = sorted(wanted - known.keys())
    return known | _loaded(unit.read(_LOAD, missing, lock="FOR UPDATE")) if missing else known


def due(unit: Unit, limit: int) -> Loaded:
    """Rows whose time has come, those begun first; what somebody else has locked comes next time."""
    return _loaded(unit.read(_DUE, limit, lock="FOR UPDATE SKIP LOCKED"))


def save(unit: Unit, rows: Iterable[Row], loaded: Loaded, memory: Memory) -> None:
    """Inserts those that were not there, and replaces the others."""
    ordered = sorted(rows, key=lambda row: row.payment.order_id)
    unit.write(_INSERT, [_document(row) for row in ordered if row.payment.order_id not in loaded])
    changed = [
        {**_document(row), "revision": loaded[row.payment.order_id].revision}
        for row in ordered
        if row.payment.order_id in loaded
    ]
    unit.write(_UPDATE, changed, expected=len(changed))
    unit.after_commit(partial(_remember, memory, unit, ordered))


def _remember(memory: Memory, unit: Unit, rows: Sequence[Row]) -> None:
    at = time.monotonic()
    memory.remember({row.payment.order_id: Stored(row, unit.revision, remembered=True, at=at) for row in rows})


async def waiting(database: Database) -> int:
    """How many payments wait for their next call."""
    rows = await database.fetch("SELECT count(*) FROM payment WHERE due_at IS NOT NULL AND claim IS NULL")
    return int(rows[0][0])


def _loaded(found: Sequence[tuple[Any, ...]]) -> Loaded:
    return {values[0]: Stored(_row(values[:-1]), values[-1]) for values in found}


def _row(values: tuple[Any, ...]) -> Row:
    (order_id, customer_id, amount, currency, goal, status, attempt, provider_id, captured, refunded) = values[:10]
    waits, trace, token, claim, due_in = values[10:]
    out = claim is not None or waits > 0
    payment = Payment(
        order_id, customer_id, amount, currency, Goal(goal), _status(status, goal, provider_id, out=out), attempt,
        provider_id, captured, refunded, waits, trace, token,
    )  # fmt: skip
    return Row(payment, claim, due_in)


def _status(stored: str, goal: str, provider_id: str | None, *, out: bool) -> Status:
    """`out`: whether a call is, or its answer is lost."""
    if provider_id is None:
        return _WITHOUT_ID.get(stored) or Status(stored)
    if stored == Status.UNANSWERED and goal == Goal.AUTHORIZE and not out:
        return Status.UNCONFIRMED  # its confirm waits for room: there is nothing to look up
    return Status(stored)


def _document(row: Row) -> dict[str, Any]:
    p = row.payment
    return {
        **{name: getattr(p, name) for name in _FIELDS},
        "status": _STORED.get(p.status, p.status.value),
        "claim": row.claim,
        "due_in": row.due_in,
    }

"""SQL of notifications, in sets. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Connection, Database
from services.notification.messages import Order
from services.notification.outcomes import Outcome, Pending

_INSERT = """
INSERT INTO notification (id, order_id, kind, customer_id, recipient, recipient_name, subject, body,
                          event_id, event_type, event_data, trace, leased, taken, due_at)
SELECT id, order_id, kind, customer_id, recipient, recipient_name, subject, body,
       event_id, event_type, event_data, trace, lease > 0, (lease > 0)::int, now() + make_interval(secs => lease)
FROM json_to_recordset(%s) AS r (id uuid, order_id uuid, kind text, customer_id text, recipient text,
    recipient_name text, subject text, body text, event_id text, event_type text, event_data json, trace text,
    lease float8)
"""

# A failed one comes back to life when its event is replayed from the dead letters; any other repeat changes nothing.
_INSERT_OR_REVIVE = f"""{_INSERT}
ON CONFLICT ON CONSTRAINT notification_once_per_order_and_kind DO UPDATE
SET failed_at = NULL, failure = NULL, failures = 0, due_at = now(), recipient = excluded.recipient,
    recipient_name = excluded.recipient_name, subject = excluded.subject, body = excluded.body,
    event_id = excluded.event_id, event_data = excluded.event_data, trace = excluded.trace
WHERE notification.failed_at IS NOT NULL
"""

_DUE_IN = """
SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM notification
WHERE sent_at IS NULL AND failed_at IS NULL
"""

# A lease that ran out means a sender died, or was away too long: whether its mail went out is not known.
_TAKE = """
WITH due AS (
    SELECT id, leased FROM notification
    WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= now()
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE notification n
SET leased = true, taken = n.taken + 1, due_at = now() + %s, unknown_answers = n.unknown_answers + due.leased::int
FROM due WHERE n.id = due.id
RETURNING n.id, n.order_id, n.kind, n.recipient, n.recipient_name, n.subject, n.body, n.event_id, n.event_type,
          n.event_data, n.trace, n.taken, n.failures, due.leased
"""

_RETURN = """
UPDATE notification n
SET leased = false, due_at = now() + u.pause, failures = n.failures + u.failed::int,
    unknown_answers = n.unknown_answers + u.unknown::int
FROM unnest(%s::uuid[], %s::int[], %s::interval[], %s::bool[], %s::bool[]) AS u (id, taken, pause, failed, unknown)
WHERE n.id = u.id AND n.taken = u.taken AND n.leased AND n.sent_at IS NULL
"""

_FAIL = """
UPDATE notification n SET leased = false, failed_at = now(), failure = u.reason
FROM unnest(%s::uuid[], %s::int[], %s::text[]) AS u (id, taken, reason)
WHERE n.id = u.id AND n.taken = u.taken AND n.sent_at IS NULL
RETURNING n.id
"""


_DRAFTED = ("id", "order_id", "kind", "customer_id", "recipient", "recipient_name", "subject", "body")
_AFTER_ALL = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Draft:
    """A notification that is to be kept, with the event it tells of."""

    id: UUID
    order_id: UUID
    kind: str
    customer_id: str
    recipient: str
    recipient_name: str
    subject: str
    body: str
    event: Message
    order: Order

    def leased(self) -> Pending:
        """As its first sender has it."""
        event = self.event
        return Pending(
            self.id, self.order_id, self.kind, self.recipient, self.recipient_name, self.subject, self.body,
            event.id, event.type, event.data, event.trace, taken=1, failures=0, order=self.order,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A notification as its customer sees it."""

    id: UUID
    order_id: UUID
    kind: str
    subject: str
    body: str
    sent_at: datetime | None


def insert(unit: Unit, drafts: Sequence[Draft], leased: int, lease: float) -> None:
    """New ones, each of another order or kind: conflicts where there is one already. The first are `leased`."""
    unit.write(_INSERT, [*_rows(drafts[:leased], lease), *_rows(drafts[leased:])])


def insert_or_revive(unit: Unit, drafts: Sequence[Draft]) -> None:
    """At most one for each order and kind, now and ever; `drafts` must not repeat one either."""
    unit.write(_INSERT_OR_REVIVE, _rows(drafts))


def _rows(drafts: Sequence[Draft], lease: float = 0.0) -> list[dict[str, Any]]:
    return [
        {
            **{name: getattr(draft, name) for name in _DRAFTED},
            "event_id": draft.event.id,
            "event_type": draft.event.type,
            "event_data": draft.event.data,
            "trace": draft.event.trace,
            "lease": lease,
        }
        for draft in drafts
    ]


async def due_in(database: Database) -> float:
    """Seconds until the next mail is due, or the next lease is over; none or less where one is due."""
    [(seconds,)] = await database.fetch(_DUE_IN)
    return float("inf") if seconds is None else float(seconds)


async def take(database: Database, limit: int, lease: float) -> tuple[list[Pending], int]:
    """Up to `limit` due mails for this sender alone, for `lease` seconds, and how many were left by a lost sender."""
    rows = await database.fetch(_TAKE, (limit, timedelta(seconds=lease)))
    return [Pending(*row[:-1]) for row in rows], sum(row[-1] for row in rows)


async def mark_sent(database: Database, ids: Sequence[UUID]) -> None:
    """A fact, whoever holds the lease by now."""
    await database.execute(
        "UPDATE notification SET sent_at = now(), leased = false, event_data = NULL"
        " WHERE id = ANY(%s) AND sent_at IS NULL",
        (list(ids),),
    )


async def give_back(connection: Connection, outcomes: Sequence[Outcome], unknown: Sequence[bool]) -> None:
    """Mails that will be tried again; those another sender has taken meanwhile are left to it."""
    await connection.execute(
        _RETURN,
        (
            [outcome.mail.id for outcome in outcomes],
            [outcome.mail.taken for outcome in outcomes],
            [outcome.pause for outcome in outcomes],
            [outcome.failed for outcome in outcomes],
            list(unknown),
        ),
    )


async def mark_failed(connection: Connection, outcomes: Sequence[Outcome]) -> set[UUID]:
    """Those it was still ours to fail. Their events are forgotten by the inbox, so that they can be replayed."""
    cursor = await connection.execute(
        _FAIL,
        (
            [outcome.mail.id for outcome in outcomes],
            [outcome.mail.taken for outcome in outcomes],
            [outcome.reason for outcome in outcomes],
        ),
    )
    failed = {row[0] for row in await cursor.fetchall()}
    events = [outcome.mail.event_id for outcome in outcomes if outcome.mail.id in failed]
    await connection.execute("DELETE FROM inbox WHERE message_id = ANY(%s)", (events,))
    return failed


async def of_customer(database: Database, customer_id: str, before: UUID | None, limit: int) -> list[Listed]:
    """Newest first; those older than `before`."""
    rows = await database.fetch(
        "SELECT id, order_id, kind, subject, body, sent_at FROM notification"
        " WHERE customer_id = %s AND id < %s ORDER BY id DESC LIMIT %s",
        (customer_id, before or _AFTER_ALL, limit),
    )
    return [Listed(*row) for row in rows]

"""The ledger in PostgreSQL. Every command is one statement: key, intent, entry and event commit together or not at all.

A statement that finds its key used, or the intent in another state, changes nothing and returns nothing; the caller
then asks `first_result` and `intent` for the reason. So the common case costs one round trip.
"""

import asyncio
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Json, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from tryout.simulator.amounts import STEP_SQL
from tryout.simulator.objects import Snapshot
from tryout.simulator.requests import Command, Page
from tryout.simulator.settings import SimulatorSettings

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)

_EVENT = """
event AS (INSERT INTO event (id, type, snapshot)
    SELECT %(event_id)s, %(event)s::text, to_jsonb(changed) - 'was' FROM changed WHERE %(event)s::text IS NOT NULL)
"""
_OPEN = f"""
WITH key AS (
    INSERT INTO idempotency_key (key, fingerprint, request_id, status, kind, snapshot, order_id)
    VALUES (%(key)s, %(fingerprint)s, %(request_id)s, %(result)s, %(kind)s, %(snapshot)s, %(order_id)s)
    ON CONFLICT DO NOTHING RETURNING 1
), changed AS (
    INSERT INTO payment_intent
        (id, order_id, amount, currency, status, amount_capturable, last_error, metadata, created_at, payment_method)
    SELECT %(id)s, %(order_id)s, %(amount)s, %(currency)s, %(state)s,
        %(held)s, %(last_error)s, %(metadata)s, %(created_at)s, %(payment_method)s
    FROM key RETURNING *
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount)
    SELECT %(id)s, 'authorize', %(amount)s FROM key WHERE %(state)s IN ('requires_capture', 'processing')
), {_EVENT}
SELECT count(*) FROM key
"""  # noqa: S608 - no value is formatted in
# Confirms the intent as it was read; when it has changed meanwhile, nothing happens.
_CONFIRM = f"""
WITH was AS (
    SELECT id FROM payment_intent WHERE id = %(id)s AND status = %(was)s
        AND NOT EXISTS (SELECT FROM idempotency_key WHERE key = %(key)s)
    FOR UPDATE
), key AS (
    INSERT INTO idempotency_key (key, fingerprint, request_id, status, kind, snapshot, order_id)
    SELECT %(key)s, %(fingerprint)s, %(request_id)s, %(result)s, %(kind)s, %(snapshot)s, %(order_id)s
    FROM was RETURNING 1
), changed AS (
    UPDATE payment_intent AS p SET status = %(state)s, amount_capturable = %(held)s, last_error = %(last_error)s,
        payment_method = %(payment_method)s
    FROM was WHERE p.id = was.id RETURNING p.*
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount)
    SELECT id, 'authorize', amount FROM changed WHERE status IN ('requires_capture', 'processing')
), {_EVENT}
SELECT count(*) FROM key
"""  # noqa: S608
# The row lock makes two commands on an intent take turns; the second sees what the first left. `late` is the payment
# method whose call arrives late: it is let through only when it has.
_WAS = """
WITH was AS (
    SELECT id, status, amount_received - amount_refunded AS refundable FROM payment_intent
    WHERE id = %(id)s AND status = ANY(%(states)s) AND payment_method IS DISTINCT FROM %(late)s
        AND NOT EXISTS (SELECT FROM idempotency_key WHERE key = %(key)s)
    FOR UPDATE
)
"""
_KEEP = """
key AS (
    INSERT INTO idempotency_key (key, fingerprint, request_id, status, kind, snapshot, order_id)
    SELECT %(key)s, %(fingerprint)s, %(request_id)s, 200, 'payment_intent', to_jsonb(changed) - 'was', order_id
    FROM changed)
"""
_CAPTURE = f"""
{_WAS}, changed AS (
    UPDATE payment_intent AS p
    SET status = 'succeeded', amount_received = coalesce(%(amount)s, amount_capturable), amount_capturable = 0
    FROM was WHERE p.id = was.id AND coalesce(%(amount)s, amount_capturable) <= amount_capturable
        AND coalesce(%(amount)s, 0) %% {STEP_SQL} = 0 RETURNING p.*
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount) SELECT id, 'capture', amount_received FROM changed
), {_KEEP}, {_EVENT}
SELECT to_jsonb(changed) FROM changed
"""  # noqa: S608
_CANCEL = f"""
{_WAS}, changed AS (
    UPDATE payment_intent AS p SET status = 'canceled', amount_capturable = 0, canceled_at = now(),
        cancellation_reason = %(reason)s
    FROM was WHERE p.id = was.id RETURNING p.*, was.status AS was
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount)
    SELECT id, 'void', amount FROM changed WHERE was IN ('requires_capture', 'processing')
), {_KEEP}, {_EVENT}
SELECT to_jsonb(changed) - 'was' FROM changed
"""  # noqa: S608
_REFUND = f"""
{_WAS}, changed AS (
    UPDATE payment_intent AS p SET amount_refunded = amount_refunded + coalesce(%(amount)s, refundable)
    FROM was WHERE p.id = was.id AND coalesce(%(amount)s, refundable) BETWEEN 1 AND refundable
        AND coalesce(%(amount)s, 0) %% {STEP_SQL} = 0
    RETURNING p.*
), refund AS (
    INSERT INTO refund (id, payment_intent_id, amount, currency, status, reason, metadata)
    SELECT %(refund_id)s, changed.id, coalesce(%(amount)s, refundable), currency, 'succeeded', %(reason)s, %(metadata)s
    FROM changed, was RETURNING *
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount) SELECT payment_intent_id, 'refund', amount FROM refund
), key AS (
    INSERT INTO idempotency_key (key, fingerprint, request_id, status, kind, snapshot)
    SELECT %(key)s, %(fingerprint)s, %(request_id)s, 200, 'refund', to_jsonb(refund) FROM refund
), {_EVENT}
SELECT to_jsonb(refund) || jsonb_build_object('payment_method', payment_method, 'order_id', order_id)
FROM refund, changed
"""  # noqa: S608
_KEEP_ERROR = """
INSERT INTO idempotency_key (key, fingerprint, request_id, status, kind, snapshot)
VALUES (%s, %s, %s, %s, 'error', %s) ON CONFLICT DO NOTHING
"""
_LIE = "INSERT INTO lie (order_id, call) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1"
_ANSWER_INSTEAD = "UPDATE idempotency_key SET status = %s, kind = 'error', snapshot = %s WHERE key = %s"
# Deliberately one statement: each call counts the failures stored before it.
_FAIL_EARLY = """
INSERT INTO idempotency_key (key, fingerprint, request_id, status, kind, snapshot, order_id)
SELECT %(key)s, %(fingerprint)s, %(request_id)s, 500, 'error', %(snapshot)s, %(order_id)s
WHERE (SELECT count(*) FROM idempotency_key WHERE order_id = %(order_id)s AND status = 500) < %(failures)s
ON CONFLICT DO NOTHING RETURNING 1
"""
_INTENTS = "SELECT to_jsonb(p) FROM payment_intent AS p WHERE "
_REFUNDS = "SELECT to_jsonb(r) FROM refund AS r WHERE "
_PAGE = """(%(after)s::text IS NULL OR id < %(after)s) AND (%(before)s::text IS NULL OR id > %(before)s)
    AND (%(gt)s::float8 IS NULL OR created_at >= to_timestamp(%(gt)s) + interval '1 s')
    AND (%(gte)s::float8 IS NULL OR created_at >= to_timestamp(%(gte)s))
    AND (%(lt)s::float8 IS NULL OR created_at < to_timestamp(%(lt)s))
    AND (%(lte)s::float8 IS NULL OR created_at < to_timestamp(%(lte)s) + interval '1 s')"""
_ORDERED = " ORDER BY CASE WHEN %(before)s::text IS NOT NULL THEN id END, id DESC LIMIT %(limit)s"
# As the index of the search has it: what is younger than the lag has not reached it.
_SEARCHED = """
SELECT to_jsonb(p), array(SELECT kind FROM entry WHERE payment_intent_id = p.id AND at <= now() - lag),
    (SELECT coalesce(sum(amount), 0)::bigint FROM entry
        WHERE payment_intent_id = p.id AND kind = 'refund' AND at <= now() - lag)
FROM payment_intent AS p, make_interval(secs => %s) AS lag
WHERE order_id = %s AND created_at <= now() - lag ORDER BY id DESC LIMIT 100
"""


class FirstResult(NamedTuple):
    """What a key holds: `status` None while its first call is under way; `request_id` is that call's."""

    fingerprint: bytes
    request_id: str | None
    status: int | None
    kind: str | None
    snapshot: Snapshot | None


class Ledger:
    """Rows come back as snapshots. Raises psycopg's OperationalError or PoolTimeout when the database is away.

    `told` is set when there is a new event.
    """

    def __init__(self, settings: SimulatorSettings) -> None:
        self.told = asyncio.Event()
        assert settings.database_url is not None  # noqa: S101 - checked where the application is built
        self._pool: AsyncConnectionPool[AsyncConnection[TupleRow]] = AsyncConnectionPool(
            settings.database_url.get_secret_value(),
            min_size=1,
            max_size=settings.ledger_pool_size,
            timeout=5.0,
            reconnect_timeout=2.0,
            kwargs={
                "autocommit": True,
                "connect_timeout": 5,
                "application_name": settings.instance,
                "options": "-c statement_timeout=10s -c lock_timeout=5s",
            },
            check=None,
            open=False,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close(timeout=5.0)

    async def check(self) -> str | None:
        """Readiness."""
        try:
            await self._rows("SELECT 1", {})
        except Exception as error:
            return f"database does not answer ({type(error).__name__})"
        return None

    async def open(self, values: dict[str, Any]) -> bool:
        """A new intent with its first result; False when the key is used."""
        return bool((await self._told(_OPEN, _as_json(values, "snapshot", "last_error", "metadata")))[0][0])

    async def confirm(self, values: dict[str, Any]) -> bool:
        """The intent in its new state; False when the key is used, or the intent is not as it was."""
        return bool((await self._told(_CONFIRM, _as_json(values, "snapshot", "last_error")))[0][0])

    async def capture(self, values: dict[str, Any]) -> Snapshot | None:
        return _first(await self._told(_CAPTURE, values))

    async def cancel(self, values: dict[str, Any]) -> Snapshot | None:
        return _first(await self._told(_CANCEL, values))

    async def refund(self, values: dict[str, Any]) -> Snapshot | None:
        return _first(await self._told(_REFUND, _as_json(values, "metadata")))

    async def fail_early(self, values: dict[str, Any]) -> bool:
        """Stores an error under the key while the order has fewer than `failures` of them; says whether it did."""
        return bool(await self._rows(_FAIL_EARLY, _as_json(values, "snapshot")))

    async def keep_error(self, command: Command, status: int, body: Snapshot) -> None:
        await self._rows(_KEEP_ERROR, (command.key, command.fingerprint, command.request_id, status, Json(body)))

    async def lie(self, about: str, call: str) -> bool:
        """Whether this is the first lie about a call; from then on it was told."""
        return bool(await self._rows(_LIE, (about, call)))

    async def answer_instead(self, key: str, status: int, body: Snapshot) -> None:
        """From now on the key has this error, whatever its call did."""
        await self._rows(_ANSWER_INSTEAD, (status, Json(body), key))

    async def first_result(self, key: str) -> FirstResult | None:
        rows = await self._rows(
            "SELECT fingerprint, request_id, status, kind, snapshot FROM idempotency_key WHERE key = %s", (key,)
        )
        return FirstResult(*rows[0]) if rows else None

    async def intent(self, identity: str) -> Snapshot | None:
        return await self._one(_INTENTS + "id = %s", (identity,))

    async def searched(self, order_id: str, lag: float) -> list[tuple[Snapshot, list[str], int]]:
        """The intents an order had `lag` seconds ago, the newest first: as they are now, their entries and minor units
        refunded by then."""
        rows = await self._rows(_SEARCHED, (lag, order_id))
        return [(row, entries, refunded) for row, entries, refunded in rows]

    async def intents(self, page: Page) -> tuple[list[Snapshot], bool]:
        """A part of all intents, the newest first, and whether there are more."""
        return await self._page(_INTENTS + _PAGE, {}, page)

    async def one_refund(self, identity: str) -> Snapshot | None:
        return await self._one(_REFUNDS + "id = %s", (identity,))

    async def refunds(self, intent: str | None, page: Page) -> tuple[list[Snapshot], bool]:
        """A part of the refunds of an intent, or of all, and whether there are more."""
        query = _REFUNDS + _PAGE + " AND (%(intent)s::text IS NULL OR payment_intent_id = %(intent)s)"
        return await self._page(query, {"intent": intent}, page)

    async def _page(self, query: str, values: dict[str, Any], page: Page) -> tuple[list[Snapshot], bool]:
        bounds = dict.fromkeys(("gt", "gte", "lt", "lte")) | dict(page.created)
        asked = {"after": page.after, "before": page.before, "limit": page.limit + 1, **bounds, **values}
        rows = [row[0] for row in await self._rows(query + _ORDERED, asked)]
        found = rows[: page.limit]
        return (found[::-1] if page.before else found), len(rows) > page.limit

    async def rows(self, query: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """For the webhooks beside the ledger."""
        return await self._rows(query, values)

    async def _one(self, query: str, values: Any) -> Snapshot | None:
        return _first(await self._rows(query, values))

    async def _told(self, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """A command that may leave an event."""
        rows = await self._rows(query, values)
        if values["event"]:
            self.told.set()
        return rows

    async def _rows(self, query: str, values: Any) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []


def _first(rows: list[tuple[Any, ...]]) -> Snapshot | None:
    return rows[0][0] if rows else None


def _as_json(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return values | {name: Json(values[name]) for name in names if values.get(name) is not None}

"""The ledger in PostgreSQL. Every command is one statement: key, intent, entry and event commit together or not at all.

A statement that finds its key used, or the intent in another state, changes nothing and returns nothing; the caller
then asks `first_result` and `intent` for the reason. So the common case costs one round trip.
"""

from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Json, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from tryout.simulator.objects import Snapshot
from tryout.simulator.settings import SimulatorSettings

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)

_EVENT = """
event AS (INSERT INTO event (id, type, snapshot)
    SELECT %(event_id)s, %(event)s::text, to_jsonb(changed) - 'was' FROM changed WHERE %(event)s::text IS NOT NULL)
"""
_OPEN = f"""
WITH key AS (
    INSERT INTO idempotency_key (key, fingerprint, status, kind, snapshot, order_id)
    VALUES (%(key)s, %(fingerprint)s, %(status)s, %(kind)s, %(snapshot)s, %(order_id)s)
    ON CONFLICT DO NOTHING RETURNING 1
), changed AS (
    INSERT INTO payment_intent
        (id, order_id, amount, currency, status, amount_capturable, last_error, metadata, created_at)
    SELECT %(id)s, %(order_id)s, %(amount)s, %(currency)s, %(state)s,
        %(held)s, %(last_error)s, %(metadata)s, %(created_at)s
    FROM key RETURNING *
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount)
    SELECT %(id)s, 'authorize', %(amount)s FROM key WHERE %(state)s IN ('requires_capture', 'processing')
), {_EVENT}
SELECT count(*) FROM key
"""  # noqa: S608 - no value is formatted in
# The row lock makes two commands on an intent take turns; the second sees what the first left.
_WAS = """
WITH was AS (
    SELECT id, status, amount_received - amount_refunded AS refundable FROM payment_intent
    WHERE id = %(id)s AND status = ANY(%(states)s) AND NOT EXISTS (SELECT FROM idempotency_key WHERE key = %(key)s)
    FOR UPDATE
)
"""
_KEEP = """
key AS (
    INSERT INTO idempotency_key (key, fingerprint, status, kind, snapshot, order_id)
    SELECT %(key)s, %(fingerprint)s, 200, 'payment_intent', to_jsonb(changed) - 'was', order_id FROM changed)
"""
_CAPTURE = f"""
{_WAS}, changed AS (
    UPDATE payment_intent AS p
    SET status = 'succeeded', amount_received = coalesce(%(amount)s, amount_capturable), amount_capturable = 0
    FROM was WHERE p.id = was.id AND coalesce(%(amount)s, amount_capturable) <= amount_capturable RETURNING p.*
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount) SELECT id, 'capture', amount_received FROM changed
), {_KEEP}, {_EVENT}
SELECT to_jsonb(changed) FROM changed
"""  # noqa: S608
_CANCEL = f"""
{_WAS}, changed AS (
    UPDATE payment_intent AS p SET status = 'canceled', amount_capturable = 0
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
    RETURNING p.*
), refund AS (
    INSERT INTO refund (id, payment_intent_id, amount, currency, status, reason, metadata)
    SELECT %(refund_id)s, changed.id, coalesce(%(amount)s, refundable), currency, 'succeeded', %(reason)s, %(metadata)s
    FROM changed, was RETURNING *
), entry AS (
    INSERT INTO entry (payment_intent_id, kind, amount) SELECT payment_intent_id, 'refund', amount FROM refund
), key AS (
    INSERT INTO idempotency_key (key, fingerprint, status, kind, snapshot)
    SELECT %(key)s, %(fingerprint)s, 200, 'refund', to_jsonb(refund) FROM refund
), {_EVENT}
SELECT to_jsonb(refund) FROM refund
"""  # noqa: S608
_KEEP_ERROR = """
INSERT INTO idempotency_key (key, fingerprint, status, kind, snapshot, order_id)
VALUES (%s, %s, %s, 'error', %s, %s) ON CONFLICT DO NOTHING
"""
# Deliberately one statement: each call counts the failures stored before it.
_FAIL_EARLY = """
INSERT INTO idempotency_key (key, fingerprint, status, kind, snapshot, order_id)
SELECT %(key)s, %(fingerprint)s, 500, 'error', %(snapshot)s, %(order_id)s
WHERE (SELECT count(*) FROM idempotency_key WHERE order_id = %(order_id)s AND status = 500) < %(failures)s
ON CONFLICT DO NOTHING RETURNING 1
"""
_INTENTS = "SELECT to_jsonb(p) FROM payment_intent AS p WHERE "
_REFUNDS = "SELECT to_jsonb(r) FROM refund AS r WHERE "


class FirstResult(NamedTuple):
    """What a key holds: `status` None while its first call is under way."""

    fingerprint: bytes
    status: int | None
    kind: str | None
    snapshot: Snapshot | None


class Ledger:
    """Rows come back as snapshots. Raises psycopg's OperationalError or PoolTimeout when the database is away."""

    def __init__(self, settings: SimulatorSettings) -> None:
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
        return bool((await self._rows(_OPEN, _as_json(values, "snapshot", "last_error", "metadata")))[0][0])

    async def capture(self, values: dict[str, Any]) -> Snapshot | None:
        return await self._one(_CAPTURE, values)

    async def cancel(self, values: dict[str, Any]) -> Snapshot | None:
        return await self._one(_CANCEL, values)

    async def refund(self, values: dict[str, Any]) -> Snapshot | None:
        return await self._one(_REFUND, _as_json(values, "metadata"))

    async def fail_early(self, values: dict[str, Any]) -> bool:
        """Stores an error under the key while the order has fewer than `failures` of them; says whether it did."""
        return bool(await self._rows(_FAIL_EARLY, _as_json(values, "snapshot")))

    async def keep_error(self, key: str, fingerprint: bytes, status: int, body: Snapshot) -> None:
        await self._rows(_KEEP_ERROR, (key, fingerprint, status, Json(body), None))

    async def first_result(self, key: str) -> FirstResult | None:
        rows = await self._rows(
            "SELECT fingerprint, status, kind, snapshot FROM idempotency_key WHERE key = %s", (key,)
        )
        return FirstResult(*rows[0]) if rows else None

    async def intent(self, identity: str) -> Snapshot | None:
        return await self._one(_INTENTS + "id = %s", (identity,))

    async def intents_of(self, order_id: str) -> list[Snapshot]:
        """All intents of an order, the newest first."""
        return [row[0] for row in await self._rows(_INTENTS + "order_id = %s ORDER BY id DESC LIMIT 100", (order_id,))]

    async def intents(self, limit: int, before: str | None) -> list[Snapshot]:
        rows = await self._rows(
            _INTENTS + "(%s::text IS NULL OR id < %s) ORDER BY id DESC LIMIT %s", (before, before, limit)
        )
        return [row[0] for row in rows]

    async def one_refund(self, identity: str) -> Snapshot | None:
        return await self._one(_REFUNDS + "id = %s", (identity,))

    async def refunds_of(self, intent: str) -> list[Snapshot]:
        rows = await self._rows(_REFUNDS + "payment_intent_id = %s ORDER BY id DESC LIMIT 100", (intent,))
        return [row[0] for row in rows]

    async def rows(self, query: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """For the webhooks beside the ledger."""
        return await self._rows(query, values)

    async def _one(self, query: str, values: Any) -> Snapshot | None:
        rows = await self._rows(query, values)
        return rows[0][0] if rows else None

    async def _rows(self, query: str, values: Any) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []


def _as_json(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return values | {name: Json(values[name]) for name in names if values.get(name) is not None}

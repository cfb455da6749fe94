"""The transactional outbox: messages commit with the change that caused them, and a relay brings them to Kafka.

At least once, and per key in the order of the commits: a key always falls into the same bucket, one relay at a time
holds a bucket's lease, and it publishes the bucket's rows by id. Ids of one key rise with its commits because whoever
publishes for a key holds that key's row lock. Two relays that overlap for a moment (one was paused) each send in
order from the oldest row left, so the first appearance of every message stays in order; the inbox drops the repeats.
"""

import asyncio
import logging
import random
import zlib
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson
from psycopg import AsyncConnection, OperationalError

from services.chassis import metrics
from services.chassis.leases import BUCKETS, Leases
from services.chassis.messages import Message
from services.chassis.producer import Producer, Record

if TYPE_CHECKING:
    from services.chassis.database import Database

log = logging.getLogger(__name__)

BATCH = 1000
# The wake-up inside the process is the rule; the poll finds what another process or a crash left.
POLL_SECONDS = 0.05
RENEW_SECONDS = 1.0

_INSERT = """
INSERT INTO outbox (bucket, topic, key, payload, headers)
SELECT * FROM unnest(%s::smallint[], %s::text[], %s::text[], %s::bytea[], %s::jsonb[])
"""
_NEXT = """
SELECT id, topic, key, payload, headers, extract(epoch FROM clock_timestamp() - created_at)::float8
FROM outbox WHERE bucket = ANY(%s) ORDER BY id LIMIT %s
"""


def bucket(key: str) -> int:
    """A stable hash: the same in every process and every release."""
    return zlib.crc32(key.encode()) % BUCKETS


async def insert(connection: AsyncConnection[tuple[Any, ...]], source: str, messages: Sequence[Message]) -> None:
    """Writes messages as outbox rows, in their order."""
    await insert_raw(connection, [(m.topic, m.key, m.payload(), m.headers(source)) for m in messages])


async def insert_raw(
    connection: AsyncConnection[tuple[Any, ...]], rows: Sequence[tuple[str, str, bytes, dict[str, str]]]
) -> None:
    """Writes (topic, key, payload, headers) as they are: for dead letters, which may not be readable messages."""
    await connection.execute(
        _INSERT,
        (
            [bucket(key) for _, key, _, _ in rows],
            [topic for topic, _, _, _ in rows],
            [key for _, key, _, _ in rows],
            [payload for _, _, payload, _ in rows],
            [orjson.dumps(headers).decode() for _, _, _, headers in rows],
        ),
        binary=True,
    )


class Relay:
    """Publishes this service's outbox while entered."""

    def __init__(self, database: "Database", producer: Producer, owner: str) -> None:
        self._database = database
        self._producer = producer
        self._leases = Leases(database, owner)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._publish_for_ever(), name="outbox-relay"),
            asyncio.create_task(self._renew_for_ever(), name="outbox-leases"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await asyncio.wait_for(self._last_round(), 5.0)
        except (OperationalError, TimeoutError) as failure:
            log.warning("outbox rows are left for the next start: %s", type(failure).__name__)

    async def _last_round(self) -> None:
        """What was committed while we stopped goes out now, and the leases pass on at once."""
        while await self._publish():
            pass
        await self._leases.release()

    async def _publish_for_ever(self) -> None:
        failures = 0
        filled = self._database.outbox_filled
        while True:
            try:
                filled.clear()
                count = await self._publish()
                failures = 0
            except OperationalError as error:
                failures += 1
                metrics.OUTBOX_FAILURES.inc()
                log.warning("outbox round failed and is repeated: %s", type(error).__name__)
                await asyncio.sleep(min(2.0, 0.1 * 2**failures) * random.uniform(0.5, 1.0))  # noqa: S311
                continue
            if count < BATCH and not filled.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(filled.wait(), POLL_SECONDS)

    async def _renew_for_ever(self) -> None:
        while True:
            try:
                await self._leases.renew()
                async with self._database.transaction() as unit:
                    cursor = await unit.connection.execute("SELECT count(*) FROM outbox")
                    metrics.OUTBOX_BACKLOG.set((await cursor.fetchone() or (0,))[0])
            except OperationalError as error:
                log.warning("outbox leases could not be renewed: %s", type(error).__name__)
            await asyncio.sleep(RENEW_SECONDS)

    async def _publish(self) -> int:
        """One round: read, send, wait for every acknowledgement, delete. Returns how many rows went out."""
        if not self._leases.held:
            return 0
        async with self._database.transaction() as unit:
            cursor = await unit.connection.execute(_NEXT, (list(self._leases.held), BATCH), binary=True)
            rows = await cursor.fetchall()
        if not rows:
            return 0
        await self._producer.send([Record(topic, key, payload, headers) for _, topic, key, payload, headers, _ in rows])
        async with self._database.transaction() as unit:
            # A deletion lost in a crash only repeats messages, so it need not wait for the disk.
            await unit.connection.execute("SET LOCAL synchronous_commit = off")
            await unit.connection.execute("DELETE FROM outbox WHERE id = ANY(%s)", ([row[0] for row in rows],))
        for _, topic, _, _, _, age in rows:
            metrics.OUTBOX_PUBLISHED.labels(topic).inc()
            metrics.OUTBOX_DELAY.observe(age)
        return len(rows)

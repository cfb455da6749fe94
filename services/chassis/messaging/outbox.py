"""The transactional outbox: messages commit with the change that caused them, and a relay brings them to Kafka.

At least once, and per key in the order of the commits: a key always falls into the same bucket, one relay at a time
holds a bucket's lease, and it publishes the bucket's rows by id. Ids of one key rise with its commits because whoever
publishes for a key holds that key's row lock. Two relays that overlap for a moment (one was paused) each send in
order from the oldest row left, so the first appearance of every message stays in order; the inbox drops the repeats.
"""

import asyncio
import logging
import random
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson
from confluent_kafka import KafkaException
from psycopg import AsyncConnection, Error

from services.chassis.messaging.leases import BUCKETS, Leases
from services.chassis.messaging.messages import Message
from services.chassis.messaging.producer import Producer, Record, Sent
from services.chassis.observability import metrics
from services.chassis.runtime.tasks import essential, stop

if TYPE_CHECKING:
    from services.chassis.storage.database import Database

log = logging.getLogger(__name__)

BATCH = 1000
# A batch also ends after so many bytes of payload (or with the one row that exceeds them), to bound memory.
BATCH_BYTES = 8 * 1024 * 1024
# The wake-up inside the process is the rule; the poll finds what another process or a crash left. It is quick while
# there is traffic and another relay shares the buckets, since then the other's commits cannot wake this one.
BUSY_POLL_SECONDS = 0.02
IDLE_POLL_SECONDS = 0.1
BUSY_FOR_SECONDS = 2.0
RENEW_SECONDS = 1.0
LAST_ROUND_SECONDS = 3.0
# Rows that Kafka refuses for good are kept here, out of every relay's way, for an operator to look at.
SET_ASIDE = -1

# %b: in binary, lists of JSON need not be escaped, which would take longer than all the rest.
_INSERT = """
INSERT INTO outbox (bucket, topic, key, payload, headers)
SELECT * FROM unnest(%b::smallint[], %b::text[], %b::text[], %b::bytea[], %b::text[]::jsonb[])
"""
_NEXT = """
SELECT id, topic, key, payload, headers, age FROM (
    SELECT *, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age,
           sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS before
    FROM (SELECT * FROM outbox WHERE bucket = ANY(%s) ORDER BY id LIMIT %s) AS oldest
) AS sized WHERE before < %s ORDER BY id
"""
# A deletion lost in a crash only repeats messages, so its commit need not wait for the disk.
_DELETE = """
DELETE FROM outbox USING (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed WHERE id = ANY(%s)
"""
_SET_ASIDE = "UPDATE outbox SET bucket = %s WHERE id = ANY(%s)"

_Row = tuple[int, str, str, bytes, dict[str, str], float]


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
    )


class Relay:
    """Publishes this service's outbox while entered."""

    def __init__(self, database: "Database", producer: Producer, owner: str) -> None:
        self._database = database
        self._producer = producer
        self._leases = Leases(database, owner)
        self._busy_until = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            essential(self._publish_for_ever(), "outbox-relay"),
            essential(self._renew_for_ever(), "outbox-leases"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await stop(*self._tasks)
        try:
            async with asyncio.timeout(LAST_ROUND_SECONDS):
                await self._last_round()
        except (Error, KafkaException, TimeoutError) as failure:
            log.warning("outbox rows are left for the next start: %s", type(failure).__name__)

    async def _last_round(self) -> None:
        """What was committed while we stopped goes out now, and the leases pass on at once."""
        try:
            # What others commit meanwhile is theirs: under a steady load it would never end.
            while await self._publish() == BATCH:
                pass
        finally:
            await self._leases.release()

    async def _publish_for_ever(self) -> None:
        failures = 0
        filled = self._database.outbox_filled
        while True:
            try:
                filled.clear()
                count = await self._publish()
                failures = 0
            except (Error, KafkaException) as error:
                failures += 1
                metrics.OUTBOX_FAILURES.inc()
                log.warning("outbox round failed and is repeated: %s", _told(error))
                await asyncio.sleep(min(2.0, 0.1 * 2 ** min(failures, 8)) * random.uniform(0.5, 1.0))  # noqa: S311
                continue
            if count:
                self._busy_until = time.monotonic() + BUSY_FOR_SECONDS
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await filled.wait()

    def _pause(self) -> float:
        shared = len(self._leases.held) < BUCKETS
        return BUSY_POLL_SECONDS if shared and time.monotonic() < self._busy_until else IDLE_POLL_SECONDS

    async def _renew_for_ever(self) -> None:
        while True:
            try:
                await self._leases.renew()
                rows = await self._database.fetch("SELECT count(*) FROM outbox")
                metrics.OUTBOX_BACKLOG.set(rows[0][0])
            except Error as error:
                log.warning("outbox leases could not be renewed: %s", _told(error))
            await asyncio.sleep(RENEW_SECONDS)

    async def _publish(self) -> int:
        """One round: read, send, wait for every answer, delete. Returns how many rows left the outbox."""
        if not self._leases.held:
            return 0
        rows: list[_Row] = await self._database.fetch(_NEXT, (list(self._leases.held), BATCH, BATCH_BYTES))
        if not rows:
            return 0
        started = time.monotonic()
        sent = await self._producer.send([Record(*row[1:5]) for row in rows])
        gone = _acknowledged(rows, sent)
        if gone:
            await self._database.execute(_DELETE, ([row[0] for row in gone],))
        if sent.refused:
            await self._set_aside([rows[position] for position in sorted(sent.refused)], sent.reason)
        _count(gone, time.monotonic() - started)
        if sent.failed:
            metrics.OUTBOX_FAILURES.inc()
            topics = sorted({rows[position][1] for position in sent.failed})
            log.warning("Kafka did not take %d records of %s: %s", len(sent.failed), topics, sent.reason)
            await asyncio.sleep(0.5)
        return len(gone)

    async def _set_aside(self, rows: Sequence[_Row], reason: str) -> None:
        await self._database.execute(_SET_ASIDE, (SET_ASIDE, [row[0] for row in rows]))
        metrics.OUTBOX_REFUSED.inc(len(rows))
        for row in rows:
            log.error("Kafka refuses outbox row %d for topic %s for good, it is set aside: %s", row[0], row[1], reason)


def _acknowledged(rows: Sequence[_Row], sent: Sent) -> list[_Row]:
    """What may be deleted: not what comes behind a failed record of its key, which must be repeated in order."""
    if not sent.failed and not sent.refused:
        return list(rows)
    blocked = {(rows[position][1], rows[position][2]) for position in sent.failed}
    return [row for position, row in enumerate(rows) if position not in sent.refused and row[1:3] not in blocked]


def _count(rows: Sequence[_Row], took: float) -> None:
    for topic, number in Counter(row[1] for row in rows).items():
        metrics.OUTBOX_PUBLISHED.labels(topic).inc(number)
    if rows:
        metrics.OUTBOX_DELAY.observe(rows[0][5] + took)


def _told(error: Exception) -> str:
    """The kind of error; its text may quote data."""
    code = error.args[0].name() if isinstance(error, KafkaException) else getattr(error, "sqlstate", None)
    return f"{type(error).__name__} {code or ''}".strip()

"""Brings to Kafka what nobody has handed on: patient messages, and those left by a failure or by a lost process.

One relay at a time holds a bucket's lease, and publishes the bucket's rows by id. Two relays that overlap for a moment
(one was paused) each send in order from the oldest row left, so the first appearance of every message stays in order.
An urgent row that is young is its committer's to send: it is left alone, and with it what comes behind it in its key
and topic, unless it stands behind a row that is sent here, for then its committer has left it (`outbox.py`).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from psycopg import Error

from services.chassis.messaging.leases import BUCKETS, Leases
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer, Record, Sent
from services.chassis.observability import metrics
from services.chassis.retry import Attempts, Backoff
from services.chassis.runtime.tasks import essential, stop
from services.chassis.storage.database import Database

log = logging.getLogger(__name__)

BATCH = 1000
# A batch also ends after so many bytes of payload (or with the one row that exceeds them), to bound memory.
BATCH_BYTES = 8 * 1024 * 1024
GATHER_SECONDS = 0.2
"""Patient messages gather for so long: what leaves together costs one request for each partition, not one each."""
YOUNG_SECONDS = 1.0
"""An urgent row that is older was not sent by who committed it."""
LOOK_SECONDS = 30.0
"""How often rows are looked for that nobody told of: another process committed them, or was lost."""
BUSY_FOR_SECONDS = 2.0
DELETE_SECONDS = 0.5
RENEW_SECONDS = 1.0
LAST_ROUND_SECONDS = 3.0
# Rows that Kafka refuses for good are kept here, out of every relay's way, for an operator to look at.
SET_ASIDE = -1

_NEXT = """
SELECT id, topic, key, payload, headers, age, patient FROM (
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

_Row = tuple[int, str, str, bytes, dict[str, str], float, bool]


class Relay:
    """Publishes this service's outbox while entered."""

    def __init__(self, database: Database, producer: Producer, outbox: Outbox, owner: str) -> None:
        self._database = database
        self._producer = producer
        self._outbox = outbox
        self._leases = Leases(database, owner)
        self._busy_until = 0.0
        self._look_at = 0.0
        self._delete_at = 0.0
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
            await self._delete()
            # What others commit meanwhile is theirs: under a steady load it would never end.
            while await self._publish() == BATCH:
                pass
        finally:
            await self._leases.release()

    async def _publish_for_ever(self) -> None:
        attempts = Attempts(Backoff(first=0.2, limit=2.0))
        while True:
            try:
                self._heed_a_stall()
                count = await self._publish() if self._is_due() else 0
                if time.monotonic() >= self._delete_at:
                    await self._delete()
                attempts.succeeded()
            except (Error, KafkaException) as error:
                self._look_at = 0.0
                metrics.OUTBOX_FAILURES.inc()
                log.warning("outbox round failed and is repeated: %s", _told(error))
                await asyncio.sleep(attempts.failed())
                continue
            if count:
                self._busy_until = time.monotonic() + BUSY_FOR_SECONDS
            if count < BATCH:
                await asyncio.sleep(GATHER_SECONDS)

    def _heed_a_stall(self) -> None:
        if self._outbox.waits() > self._producer.stall_seconds:
            self._producer.replace()

    def _is_due(self) -> bool:
        """Whether there are rows for us, or may be."""
        now = time.monotonic()
        # While another relay has some of the buckets, others commit into ours.
        shared = len(self._leases.held) < BUCKETS and now < self._busy_until
        if not (self._outbox.left or shared or now >= self._look_at):
            return False
        self._outbox.left = False
        self._look_at = now + LOOK_SECONDS
        return True

    async def _delete(self) -> None:
        """What Kafka acknowledged of the rows that were handed on at their commit."""
        self._delete_at = time.monotonic() + DELETE_SECONDS
        rows = self._outbox.acknowledged()
        if not rows:
            return
        try:
            await self._database.execute(_DELETE, (rows,))
        except Error:
            self._outbox.give_back(rows)
            raise
        self._outbox.deleted(rows)

    async def _renew_for_ever(self) -> None:
        while True:
            try:
                held = self._leases.held
                backlog = await self._leases.renew()
                metrics.OUTBOX_BACKLOG.set(backlog)
                # Rows that nobody told of: another process committed them, or was lost.
                if backlog or self._leases.held - held:
                    self._look_at = 0.0
            except Error as error:
                log.warning("outbox leases could not be renewed: %s", _told(error))
            await asyncio.sleep(RENEW_SECONDS)

    async def _publish(self) -> int:
        """One round: read, send, wait for every answer, delete. Returns how many rows left the outbox."""
        if not self._leases.held:
            self._look_at = 0.0
            return 0
        found: list[_Row] = await self._database.fetch(_NEXT, (list(self._leases.held), BATCH, BATCH_BYTES))
        rows = self._ours(found)
        if not rows:
            return 0
        if len(found) >= BATCH or sum(len(row[3]) for row in found) >= BATCH_BYTES:
            self._outbox.left = True  # there may be more
        started = time.monotonic()
        sent = await self._producer.send([Record(*row[1:5]) for row in rows])
        gone = _acknowledged(rows, sent)
        if gone:
            await self._database.execute(_DELETE, ([row[0] for row in gone],))
        if sent.refused:
            await self._set_aside([rows[position] for position in sorted(sent.refused)], sent.reason)
        _count(gone, time.monotonic() - started)
        if sent.failed:
            self._outbox.left = True
            metrics.OUTBOX_FAILURES.inc()
            topics = sorted({rows[position][1] for position in sent.failed})
            log.warning("Kafka did not take %d records of %s: %s", len(sent.failed), topics, sent.reason)
            await asyncio.sleep(0.5)
        return len(gone)

    def _ours(self, found: Sequence[_Row]) -> list[_Row]:
        """Of rows by id, those that are for a relay to send."""
        rows: list[_Row] = []
        begun: set[tuple[str, str]] = set()
        waiting: set[tuple[str, str]] = set()
        for row in found:
            chain = row[1:3]
            if self._outbox.holds(row[0]):
                continue  # it is before us in the queue of the same client
            if chain not in waiting and (row[6] or row[5] > YOUNG_SECONDS or chain in begun):
                begun.add(chain)
                rows.append(row)
            else:
                waiting.add(chain)
                self._outbox.left = True
        return rows

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

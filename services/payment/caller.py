"""Makes the provider calls, outside any transaction, and records their answers.

A job arrives with its intent committed; its answer is recorded, with the outbox row of the reply and the intent of
the next call, in one transaction for all answers that came meanwhile. A job lost with its process is found by its
lease, a call that must wait by its due time: rows, which hold no place here.

Two limits make the bulkhead. Few calls are brisk at a time, so that a provider under load is not buried; a call that
takes long gives up its brisk place, so that those which hang do not keep the others from starting.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from psycopg import OperationalError

from services.chassis import metrics, telemetry
from services.chassis.database import Database, Transaction
from services.payment import intents, repository, schedule
from services.payment.answers import Answer
from services.payment.events import reply_of
from services.payment.intents import Call
from services.payment.repository import Row
from services.payment.schedule import Job
from services.payment.settings import PaymentSettings

log = logging.getLogger(__name__)

RECORD_BATCH = 200
DUE_BATCH = 200
COUNT_SECONDS = 5.0


class Provider(Protocol):
    """Whoever answers calls: always an Answer, never an exception, within the provider timeout."""

    async def call(self, call: Call) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Done:
    job: Job
    answer: Answer


class Caller:
    """Calls and records while entered."""

    def __init__(self, settings: PaymentSettings, database: Database, provider: Provider) -> None:
        self._settings = settings
        self._database = database
        self._provider = provider
        self._calls: set[asyncio.Task[None]] = set()
        self._brisk: set[asyncio.Task[None]] = set()
        self._crowded = False
        self._done: list[_Done] = []
        self._finished = asyncio.Event()
        self._recorded = asyncio.Event()
        self._look = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def room(self) -> int:
        """How many more calls may start now; below zero when a batch overshot."""
        brisk = self._settings.provider_brisk_concurrency - len(self._brisk)
        return min(brisk, self._settings.provider_concurrency - len(self._calls))

    def start(self, job: Job) -> None:
        """Makes the call in the background; its intent is committed."""
        task = asyncio.create_task(self._call(job))
        self._calls.add(task)
        self._brisk.add(task)
        slow = asyncio.get_running_loop().call_later(self._settings.provider_slow_seconds, self._give_room, task)
        task.add_done_callback(self._calls.discard)
        task.add_done_callback(self._give_room)
        task.add_done_callback(lambda _: slow.cancel())

    def crowd(self) -> None:
        """Some call was left as a due row for want of room: look for it as soon as there is some."""
        self._crowded = True

    def _give_room(self, task: asyncio.Task[None]) -> None:
        self._brisk.discard(task)
        # Not for every single place: each look is a transaction.
        if self._crowded and self.room >= self._settings.provider_brisk_concurrency // 4:
            self._crowded = False
            self._look.set()

    def look(self) -> None:
        """Look for due rows now instead of at the next poll."""
        self._look.set()

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._for_ever("recording answers", self._record_finished), name="payment-recorder"),
            asyncio.create_task(self._for_ever("starting due calls", self._start_due), name="payment-due"),
            asyncio.create_task(self._for_ever("counting", self._count), name="payment-count"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for the calls that are out unless they are slow; those are looked up when their leases end."""
        recorder, *others = self._tasks
        for task in others:
            task.cancel()
        try:
            async with asyncio.timeout(self._settings.provider_slow_seconds):
                while self._calls:
                    await asyncio.wait(self._calls)
                    await self._recorded.wait()
        except TimeoutError:
            log.warning("%d provider calls are left to be looked up", len(self._calls) + len(self._done))
        stopped = [recorder, *others, *self._calls]
        for task in stopped:
            task.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)

    async def _call(self, job: Job) -> None:
        started = time.monotonic()
        call = job.call
        attributes = {"payment.operation": call.operation.value, "payment.attempt": call.payment.attempt}
        with telemetry.span(
            f"provider {call.operation}",
            kind=telemetry.SpanKind.CLIENT,
            parent=call.payment.trace,
            attributes=attributes,
        ) as span:
            answer = await self._provider.call(call)
            span.set_attribute("payment.answer", type(answer).__name__)
        elapsed = time.monotonic() - started
        metrics.PROVIDER_CALLS.labels(call.operation.value, type(answer).__name__).observe(elapsed)
        self._done.append(_Done(job, answer))
        self._recorded.clear()
        self._finished.set()

    async def _record_finished(self) -> None:
        await self._finished.wait()
        self._finished.clear()
        while batch := self._done[:RECORD_BATCH]:
            try:
                await self._record(batch)
            except OperationalError:
                raise
            except Exception as error:
                # One answer that cannot be written must not hold up the others; its row is due when its lease ends.
                log.error("answers could not be recorded", exc_info=error)
                await self._record_singly(batch)
            del self._done[: len(batch)]
        self._recorded.set()

    async def _record_singly(self, batch: list[_Done]) -> None:
        for done in batch:
            try:
                await self._record([done])
            except OperationalError:
                raise
            except Exception as error:
                log.error(
                    "the answer for order %s could not be recorded", done.job.call.payment.order_id, exc_info=error
                )

    async def _record(self, batch: list[_Done]) -> None:
        async with self._database.transaction() as tx:
            rows = await repository.load(tx.connection, [done.job.call.payment.order_id for done in batch])
            changed: dict[UUID, Row] = {}
            for done in batch:
                order_id = done.job.call.payment.order_id
                row = rows.get(order_id)
                if row is None or row.claim != done.job.claim:
                    metrics.PAYMENT_ANSWERS_LATE.inc()  # its lease was over, and another took the row over
                    continue
                changed[order_id] = self._take_in(tx, row, done)
            await repository.save(tx.connection, list(changed.values()))

    def _take_in(self, tx: Transaction, row: Row, done: _Done) -> Row:
        call = done.job.call
        payment, replies = intents.record(row.payment, call, done.answer)
        tx.publish(*(reply_of(payment, reply) for reply in replies))
        if schedule.must_wait(call, payment):
            return schedule.later(payment, self._settings)
        started, job = schedule.start(payment, self._settings, room=True)  # in the place of the call that ended
        if job:
            tx.after_commit(_starter(self, job))
        return started

    async def _start_due(self) -> None:
        limit = min(DUE_BATCH, self.room)
        found = 0
        if limit <= 0:
            self._crowded = True
        else:
            async with self._database.transaction() as tx:
                rows = await repository.due(tx.connection, limit)
                found = len(rows)
                started: list[Row] = []
                for row in rows:
                    after, job = schedule.start(row.payment, self._settings, room=True)
                    started.append(after)
                    if job:
                        tx.after_commit(_starter(self, job))
                await repository.save(tx.connection, started)
        if found >= limit:
            self._crowded = True  # there may be more
        await self._until_next_look()

    async def _until_next_look(self) -> None:
        try:
            async with asyncio.timeout(self._settings.poll_seconds * random.uniform(0.8, 1.2)):  # noqa: S311
                await self._look.wait()
        except TimeoutError:
            pass
        self._look.clear()

    async def _count(self) -> None:
        async with self._database.transaction() as tx:
            metrics.PAYMENTS_WAITING.set(await repository.waiting(tx.connection))
        await asyncio.sleep(COUNT_SECONDS)

    async def _for_ever(self, what: str, turn: Callable[[], Coroutine[None, None, None]]) -> None:
        failures = 0
        while True:
            try:
                await turn()
                failures = 0
            except OperationalError as error:
                failures += 1
                log.warning("%s failed and is repeated: %s", what, type(error).__name__)
                await asyncio.sleep(min(2.0, 0.1 * 2.0**failures) * random.uniform(0.5, 1.0))  # noqa: S311
                self._finished.set()


def _starter(caller: Caller, job: Job) -> Callable[[], None]:
    return lambda: caller.start(job)

"""Records answers: all that came meanwhile in one transaction, each with its reply and the intent of the next call."""

import asyncio
import logging
from functools import partial
from types import TracebackType
from typing import Self
from uuid import UUID

from psycopg import OperationalError

from services.chassis.messaging.unit import Stale, Unit
from services.chassis.messaging.units import Changes
from services.payment import intents, metrics, repository, schedule
from services.payment.backlog import Backlog
from services.payment.caller import Caller, Done
from services.payment.loops import Loop
from services.payment.messages import reply_of
from services.payment.repository import Memory, Row
from services.payment.schedule import Job
from services.payment.settings import PaymentSettings

log = logging.getLogger(__name__)

BATCH = 200
# Under load the next answers are given a moment to gather: each transaction costs as much as many answers in one.
GATHER_SECONDS = 0.004


class Recorder:
    """Records what `caller` has done while entered; enter it before the caller, so that it outlives the calls."""

    def __init__(
        self, settings: PaymentSettings, changes: Changes, caller: Caller, backlog: Backlog, memory: Memory
    ) -> None:
        self._settings = settings
        self._changes = changes
        self._caller = caller
        self._backlog = backlog
        self._memory = memory
        self._loop = Loop("recording answers", self._record_finished)

    async def __aenter__(self) -> Self:
        self._loop.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._loop.stop()
        try:
            await self._record_all()
        except OperationalError:
            log.warning("%d answers could not be recorded and are looked up again", len(self._caller.done))

    async def _record_finished(self) -> None:
        if not self._caller.done:
            await self._caller.finished.wait()
        self._caller.finished.clear()
        if await self._record_all() > 1:
            await asyncio.sleep(GATHER_SECONDS)

    async def _record_all(self) -> int:
        count = 0
        while batch := self._caller.done[:BATCH]:
            try:
                await self._record(batch)
            except OperationalError:
                raise
            except Exception as error:
                log.error("%d answers could not be recorded together", len(batch), exc_info=error)
                await self._record_singly(batch)
            del self._caller.done[: len(batch)]
            count += len(batch)
        return count

    async def _record_singly(self, batch: list[Done]) -> None:
        """One that cannot be written must not hold up the others; its row is looked up when its lease ends."""
        for done in batch:
            try:
                await self._record([done])
            except OperationalError:
                raise
            except Exception as error:
                order_id = done.job.call.payment.order_id
                log.error("the answer for order %s could not be recorded", order_id, exc_info=error)

    async def _record(self, batch: list[Done]) -> None:
        await self._changes.do(partial(self._take_in, batch))

    def _take_in(self, batch: list[Done], unit: Unit) -> None:
        loaded = repository.load(unit, [done.job.call.payment.order_id for done in batch], self._memory)
        changed: dict[UUID, Row] = {}
        jobs: list[Job] = []
        for done in batch:
            order_id = done.job.call.payment.order_id
            stored = loaded.get(order_id)
            if stored is None or stored.row.claim != done.job.claim:
                if stored is not None and stored.remembered:
                    raise Stale
                # Its lease was over, and another took the row over.
                unit.after_commit(metrics.PAYMENT_ANSWERS_LATE.inc)
                continue
            changed[order_id] = self._go_on(unit, stored.row, done, jobs)
        repository.save(unit, changed.values(), loaded, self._memory)
        unit.after_commit(partial(self._caller.start, jobs))

    def _go_on(self, unit: Unit, row: Row, done: Done, jobs: list[Job]) -> Row:
        call = done.job.call
        payment, replies = intents.record(row.payment, call, done.answer)
        unit.publish(*(reply_of(payment, reply, self._backlog.wait) for reply in replies))
        if schedule.must_wait(call, payment):
            return schedule.later(payment, self._settings)
        started, job = schedule.start(payment, self._settings, room=self._caller.room > len(jobs))
        if job:
            jobs.append(job)
        elif started.due_in is not None:
            self._caller.found_no_room()
        return started

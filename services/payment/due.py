"""Starts the calls whose time has come: those that waited, those without room, and those whose owner was lost."""

import asyncio
from functools import partial
from types import TracebackType
from typing import Self

from services.chassis.messaging.unit import Unit
from services.chassis.messaging.units import Changes
from services.chassis.retry import spread
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database
from services.payment import metrics, repository, schedule
from services.payment.backlog import Backlog
from services.payment.caller import Caller
from services.payment.loops import Loop
from services.payment.repository import Memory, Row
from services.payment.schedule import Job
from services.payment.settings import PaymentSettings

BATCH = 200
COUNT_SECONDS = 5.0

_NEXT = "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM payment"


class DueCalls:
    """Looks for due rows while entered; several processes share them.

    It sleeps until the next row is due, is told of rows that this process makes due, and polls for those that another
    process left.
    """

    def __init__(
        self,
        settings: PaymentSettings,
        database: Database,
        changes: Changes,
        caller: Caller,
        *,
        backlog: Backlog,
        memory: Memory,
    ) -> None:
        self._settings = settings
        self._database = database
        self._changes = changes
        self._caller = caller
        self._backlog = backlog
        self._memory = memory
        self._loop = Loop("starting due calls", self._look)

    def look_now(self) -> None:
        """Look now instead of at the next poll."""
        self._caller.look.set()

    async def __aenter__(self) -> Self:
        self._loop.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._loop.stop()

    async def _look(self) -> None:
        self._caller.look.clear()
        [(due_in,)] = await self._database.fetch(_NEXT)
        self._backlog.due_waits(max(0.0, -due_in if due_in is not None else 0.0) + self._caller.delay)
        pause = spread(self._settings.poll_seconds)
        if due_in is not None and due_in <= 0:
            limit = min(BATCH, self._caller.room)
            if limit <= 0 or await self._start(limit) == limit:
                self._caller.found_no_room()  # there may be more
                if self._caller.room > 0:
                    return
        elif due_in is not None:
            pause = min(pause, due_in)
        try:
            async with asyncio.timeout(pause):
                await self._caller.look.wait()
        except TimeoutError:
            pass

    async def _start(self, limit: int) -> int:
        count: int = await self._changes.do(partial(self._start_due, limit))
        return count

    def _start_due(self, limit: int, unit: Unit) -> int:
        loaded = repository.due(unit, limit)
        started: list[Row] = []
        jobs: list[Job] = []
        for row in (stored.row for stored in loaded.values()):
            after, job = schedule.start(row.payment, self._settings, room=True)
            started.append(after)
            if job:
                jobs.append(job)
        repository.save(unit, started, loaded, self._memory)
        unit.after_commit(partial(self._caller.start, jobs))
        return len(loaded)


def counted(database: Database) -> Periodic:
    """Keeps the metric of the payments that wait."""

    async def count() -> None:
        metrics.PAYMENTS_WAITING.set(await repository.waiting(database))

    return Periodic("counting payments that wait", COUNT_SECONDS, count)

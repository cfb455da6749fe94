"""Runs a plan: parts start as soon as what they need is ready, and stop in the reverse order."""

import asyncio
import logging
import signal
import time
from pathlib import Path

from cli.supervisor import graph
from cli.supervisor.keeper import Keeper
from cli.supervisor.logs import Logs
from cli.supervisor.progress import Event, Progress
from cli.supervisor.records import Records
from cli.supervisor.spec import Plan, ProcessSpec, StartError, Step
from cli.supervisor.table import ProcessTable

log = logging.getLogger(__name__)

HOUSEKEEPING = 5.0
"""Seconds between looks at the size of the logs."""


class Supervisor:
    """One run of the platform; `run` returns the exit code of the command that started it."""

    def __init__(self, plan: Plan, data: Path, logs: Logs, progress: Progress) -> None:
        graph.check(plan.parts)
        self._plan = plan
        self._logs = logs
        self._progress = progress
        self._table = ProcessTable(data / "processes.json")
        records = Records(data)
        self._keepers = {spec.name: Keeper(spec, self._table, records, logs, progress) for spec in plan.processes}
        self._done = {part.name: asyncio.Event() for part in plan.parts}
        self._told = asyncio.Event()
        self._began = time.monotonic()

    async def run(self) -> int:
        """Start all, keep all, and on SIGTERM, SIGINT or SIGHUP stop all. 1 when a part did not start, else 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._told.set)
        self._table.clear()
        running = [asyncio.create_task(self._run(part), name=part.name) for part in self._plan.parts]
        housekeeping = asyncio.create_task(self._housekeep())
        told = asyncio.create_task(self._told.wait())
        started = asyncio.create_task(self._await_start())
        try:
            failed = await self._first_failure({*running, started}, told)
        finally:
            self._progress(Event("stopping"))
            await self._stop()
            for task in (*running, housekeeping, told, started):
                task.cancel()
            await asyncio.gather(*running, housekeeping, told, started, return_exceptions=True)
            self._table.clear()
        if failed:
            self._progress(failed)
            return 1
        return 0

    async def _run(self, part: ProcessSpec | Step) -> None:
        for need in part.needs:
            await self._done[need].wait()
        if isinstance(part, ProcessSpec):
            keeper = self._keepers[part.name]
            announce = asyncio.create_task(self._announce(keeper))
            try:
                await keeper.keep()
            finally:
                announce.cancel()
            return
        if part.title:
            self._progress(Event("working", part.name, part.title))
        await part.action()
        self._finish(part.name)

    async def _announce(self, keeper: Keeper) -> None:
        await keeper.ready.wait()
        self._finish(keeper.spec.name)

    def _finish(self, name: str) -> None:
        self._done[name].set()
        self._progress(Event("ready", name, seconds=time.monotonic() - self._began))

    async def _await_start(self) -> None:
        for done in self._done.values():
            await done.wait()
        self._progress(Event("started", seconds=time.monotonic() - self._began))

    async def _first_failure(self, tasks: set[asyncio.Task[None]], told: "asyncio.Task[bool]") -> Event | None:
        """Wait until told to stop (None) or until a part fails (what to say about it)."""
        pending: set[asyncio.Task[None] | asyncio.Task[bool]] = {*tasks, told}
        while not told.done():
            finished, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                error = task.exception()
                if isinstance(error, StartError | OSError):
                    log.error("%s: %s", task.get_name(), error)
                    name = task.get_name()
                    tail = self._logs.tail(name) if name in self._keepers else []
                    return Event("failed", name, str(error), log=tail)
                if error:
                    raise error
        return None

    async def _stop(self) -> None:
        """Each process stops once all that need it are gone."""
        before = graph.dependants(self._plan.parts)
        gone = {name: asyncio.Event() for name in self._keepers}

        async def stop(name: str, keeper: Keeper) -> None:
            for other in before[name] & gone.keys():
                await gone[other].wait()
            await keeper.stop()
            gone[name].set()

        await asyncio.gather(*(stop(name, keeper) for name, keeper in self._keepers.items()))

    async def _housekeep(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING)
            try:
                await asyncio.to_thread(self._logs.bound)
            except OSError as error:
                log.warning("cannot bound the logs: %s", error)

"""Keeps one process running: starts it, probes it, starts it again when it dies, stops it when told."""

import asyncio
import logging
import subprocess

from cli.supervisor.child import Child, describe
from cli.supervisor.logs import Logs
from cli.supervisor.probes import until_ready
from cli.supervisor.progress import Event, Progress
from cli.supervisor.records import Records
from cli.supervisor.spec import ProcessSpec, StartError
from cli.supervisor.table import Process, ProcessTable
from services.chassis.retry import Attempts, Backoff

log = logging.getLogger(__name__)

READY_WITHIN = 120.0
"""Seconds a process may take to its first readiness."""
ATTEMPTS = 3
"""Starts before the first readiness after which it is given up."""
HEALTHY = 30.0
"""After so many seconds a run was a good one: earlier crashes are forgotten."""
FAILURES = 2
"""Probes in a row that fail before a process counts as not ready, as in the chart: one that is busy may miss one."""


class Keeper:
    """`ready` is set at the first readiness and stays set; the table knows the present."""

    def __init__(
        self, spec: ProcessSpec, table: ProcessTable, records: Records, logs: Logs, progress: Progress
    ) -> None:
        self.spec = spec
        self.ready = asyncio.Event()
        self._table = table
        self._records = records
        self._logs = logs
        self._progress = progress
        self._child: Child | None = None
        self._stopping = asyncio.Event()

    async def keep(self) -> None:
        """Run until `stop`. Raises StartError when the process never becomes ready."""
        spec = self.spec
        self._table.add(
            Process(spec.name, spec.service, None, spec.host, spec.port, spec.metrics_port, ready=False, restarts=0)
        )
        runs = Attempts(Backoff(first=0.2, limit=10.0))
        restarts = 0
        while not self._stopping.is_set():
            child = await self._start()
            code = await self._watch(child)
            if self._stopping.is_set():
                return
            restarts += 1
            if not self.ready.is_set() and restarts >= ATTEMPTS:
                raise StartError(f"{spec.name} {describe(code)} before it was ready")
            if child.uptime >= HEALTHY:
                runs.succeeded()
            delay = runs.failed()
            log.warning("%s %s; starting it again in %.1f s", spec.name, describe(code), delay)
            self._progress(Event("restarting", spec.name, describe(code)))
            self._table.change(spec.name, restarts=restarts)
            await self._pause(delay)

    async def stop(self) -> None:
        """End the process, if there is one, and start it no more."""
        self._stopping.set()
        if self._child:
            await self._child.stop()

    async def _start(self) -> Child:
        if self.spec.prepare:
            self.spec.prepare()
        try:
            child = await Child.start(self.spec, self._logs)
        except OSError as error:
            raise StartError(f"cannot run {self.spec.command[0]}: {error.strerror}") from error
        except subprocess.SubprocessError as error:  # what Python makes of any error between fork and exec
            raise StartError(f"{self.spec.name} cannot change its user: start as another user than root") from error
        self._child = child
        self._records.add(child.pid)
        self._table.change(self.spec.name, pid=child.pid)
        if self._stopping.is_set():  # told to stop while it was being forked
            await child.stop()
        return child

    async def _watch(self, child: Child) -> int:
        """Probe while it lives; its return code."""
        probing = asyncio.create_task(self._probe())
        ended = asyncio.create_task(child.wait())
        try:
            await asyncio.wait({probing, ended}, return_when=asyncio.FIRST_COMPLETED)
            if probing.done():
                probing.result()
            return await ended
        finally:
            probing.cancel()
            ended.cancel()
            if ended.done() and not ended.cancelled():
                self._child = None
                self._records.remove(child.pid)
                self._table.change(self.spec.name, pid=None, ready=False)

    async def _probe(self) -> None:
        if not self.ready.is_set():
            reason = await until_ready(self.spec.ready, READY_WITHIN)
            if reason is not None:
                raise StartError(f"{self.spec.name} was not ready within {READY_WITHIN:.0f} s: {reason}")
            self._table.change(self.spec.name, ready=True)
            self.ready.set()
        failures = FAILURES
        while True:
            failures = 0 if await self.spec.ready() is None else failures + 1
            self._table.change(self.spec.name, ready=failures < FAILURES)
            await asyncio.sleep(0.1 if failures else self.spec.poll_every)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

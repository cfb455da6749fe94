"""One running process: forked from the supervisor's main thread, tied to its life, its output in its log."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable

from cli.supervisor.logs import Logs
from cli.supervisor.spec import ProcessSpec

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # loaded here: nothing may be imported or looked up between fork and exec


class Child:
    """A started process; `pid` is the process itself, no wrapper."""

    def __init__(self, spec: ProcessSpec, process: asyncio.subprocess.Process) -> None:
        self._spec = spec
        self._process = process
        self._started = time.monotonic()

    @classmethod
    async def start(cls, spec: ProcessSpec, logs: Logs) -> "Child":
        """Fork and exec. Raises OSError when the command cannot be run.

        Must be called in the main thread: the kernel's death signal comes when the forking thread ends.
        """
        output = logs.open(spec.name)
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                env=dict(spec.environment),
                cwd=spec.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a terminal's Ctrl-C is the supervisor's to handle
                preexec_fn=_tie(spec.become, spec.death_signal, os.getpid()),
            )
        finally:
            os.close(output)
        return cls(spec, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def uptime(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    async def wait(self) -> int:
        """Its return code; the negative signal number when a signal ended it."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask with the stop signal, insist with SIGKILL after the grace; returns when it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self._spec.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), self._spec.grace)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def _tie(become: Callable[[], None] | None, death_signal: signal.Signals, parent: int) -> Callable[[], None]:
    def in_child() -> None:
        if become:
            become()
        if sys.platform == "linux":
            # After the change of user, which clears it.
            _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # the supervisor died in between: no signal will come any more
                os._exit(1)

    return in_child


def describe(code: int) -> str:
    """`exited with code 3` or `killed by SIGKILL`."""
    if code >= 0:
        return f"exited with code {code}"
    return f"killed by {signal.Signals(-code).name}"

"""Runs the supervisor in the background, and listens to it until the platform is up."""

import contextlib
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.supervisor.progress import Event, PipeProgress, Progress, parse


def detach(run: Callable[[Progress], int], output: Path, keep: int) -> tuple[int, int]:
    """Fork; the child calls `run` in a session of its own, its output in `output`. Returns (pid, pipe of events).

    `keep` is a descriptor that stays open in the child: its lock. Call before any thread is started.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.setsid()
        _redirect(output)
        # Nothing of the caller stays open (a pipe that a shell waits for, say), except the lock and our pipe.
        low, high = sorted((keep, writing))
        os.closerange(3, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, os.sysconf("SC_OPEN_MAX"))
        code = run(PipeProgress(writing))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def listen(pid: int, reading: int) -> Iterator[Event]:
    """The supervisor's events until it is up or gives up. Ctrl-C here stops the supervisor, which tells the rest."""
    with os.fdopen(reading) as lines:
        while True:
            try:
                line = lines.readline()
            except KeyboardInterrupt:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                continue
            if not line:
                return
            yield parse(line)


def _redirect(output: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)

"""One supervisor per data folder: a kernel lock, which no kill -9 leaves behind, on a file that names its holder."""

import fcntl
import os
import time
from pathlib import Path
from typing import TextIO

NAME = "supervisor.lock"
TIMEOUT = 0.5
"""Seconds to insist: a command that only looks whether someone holds the lock takes it for a moment itself."""


class AlreadyRunning(Exception):
    """Another supervisor holds the data folder."""


def acquire(data: Path) -> TextIO:
    """Take the lock for as long as the returned file is open here or in a forked child. Raises AlreadyRunning."""
    handle = (data / NAME).open("a+")
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                handle.close()
                raise AlreadyRunning(data) from None
            time.sleep(0.02)
        else:
            return handle


def sign(handle: TextIO) -> None:
    """Write this process's pid into the lock file: it is the supervisor."""
    handle.seek(0)
    handle.truncate()
    handle.write(f"{os.getpid()}\n")
    handle.flush()


def holder(data: Path) -> int | None:
    """The pid of the supervisor that holds `data`, None when nobody does."""
    path = data / NAME
    if not path.exists():
        return None
    with path.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(handle.read().strip() or 0)
    return None

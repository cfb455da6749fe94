"""Jobs wait for the parts that start at the same time, and say what for."""

import sys
from collections.abc import Callable
from typing import TypeVar

from services.chassis.retry import Backoff, attempt

T = TypeVar("T")

WAIT = 240.0
"""Seconds a job waits for a part that starts at the same time."""
_BACKOFF = Backoff(first=0.5, limit=8.0)


def retrying(action: Callable[[], T], passing: type[Exception] | tuple[type[Exception], ...], wait: float = WAIT) -> T:
    """What `action` answers. Errors that may pass are tried again for `wait` seconds; the last one is raised."""
    told = ""

    def tell(error: Exception) -> None:
        nonlocal told
        line = str(error).partition("\n")[0]
        if line != told:  # one line for each reason, not for each attempt
            sys.stderr.write(f"waiting: {line}\n")
        told = line

    return attempt(action, passing, wait, _BACKOFF, tell)

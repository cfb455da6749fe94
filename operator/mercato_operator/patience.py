"""Trying again what is not there yet."""

import random
import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WAIT = 240.0
"""Seconds a job waits for a part that starts at the same time."""
_FIRST, _LONGEST = 0.5, 8.0


def patiently(action: Callable[[], T], passing: type[Exception] | tuple[type[Exception], ...], wait: float = WAIT) -> T:
    """What `action` answers. Errors that may pass are tried again for `wait` seconds; the last one is raised."""
    deadline, ceiling, told = time.monotonic() + wait, _FIRST, ""
    while True:
        try:
            return action()
        except passing as error:
            pause = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads retries, guards nothing
            if time.monotonic() + pause > deadline:
                raise
            line = str(error).partition("\n")[0]
            if line != told:  # one line for each reason, not for each attempt
                sys.stderr.write(f"waiting: {line}\n")
            told, ceiling = line, min(_LONGEST, ceiling * 2)
            time.sleep(pause)

"""Trying again: how long to wait before it, always with a limit and with jitter.

The pauses are exponential with equal jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog):
the upper half of each is random, so that those who failed together do not come again together.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before another attempt: doubling from `first` up to `limit`. To iterate gives the pauses one by one."""

    first: float = 0.1
    limit: float = 5.0

    def after(self, failures: int) -> float:
        """The pause after so many failures in a row, at least one."""
        ceiling = min(self.limit, self.first * 2.0 ** min(failures - 1, 30))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311, TID251 - spreads attempts, guards nothing

    def __iter__(self) -> Iterator[float]:
        return map(self.after, itertools.count(1))


class Attempts:
    """Counts the failures in a row of one thing that is tried for ever."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self.failures = 0

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed: an outage is told once, not at each attempt."""
        return self.failures > 0

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self) -> float:
        """Seconds to wait."""
        self.failures += 1
        return self._backoff.after(self.failures)


def attempt(
    action: Callable[[], T],
    passing: type[Exception] | tuple[type[Exception], ...],
    seconds: float,
    backoff: Backoff,
    told: Callable[[Exception], None] | None = None,
) -> T:
    """What `action` answers. Blocks: errors that may pass are `told` and tried again for `seconds`, then raised."""
    deadline = time.monotonic() + seconds
    for pause in backoff:
        try:
            return action()
        except passing as error:
            if time.monotonic() + pause > deadline:
                raise
            if told:
                told(error)
        time.sleep(pause)
    raise AssertionError("the pauses have no end")


def spread(seconds: float) -> float:
    """Up to a fifth sooner: for what is done regularly, so that replicas do not march in step."""
    return seconds * random.uniform(0.8, 1.0)  # noqa: S311, TID251 - spreads work, guards nothing

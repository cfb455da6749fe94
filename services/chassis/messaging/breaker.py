"""Stops a consumer that can handle hardly anything of what it reads.

A message that cannot be handled goes to the dead letters, and the others go on. After a bad deployment that would drain
the whole topic into them; then whoever reads has to stop, and leave its partitions to those who can.
"""

from collections import deque
from collections.abc import Callable, Sequence

from confluent_kafka import Message as Raw

WINDOW = 400
"""Messages of late that are looked at."""
SHARE = 0.5


class CannotHandle(Exception):
    """Nothing more may be set aside. `done`: messages of the batch at hand that are dealt with."""

    def __init__(self, reason: str, done: Sequence[Raw]) -> None:
        super().__init__(reason)
        self.done = done


class Breaker:
    """Counts what became of messages, for one thread. It never recovers by itself: who mends the cause restarts it.

    `most`: so many set aside have to be borne, a stranger's messages say; 0 sets no limit.
    """

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)

    def handled(self, count: int) -> None:
        self._outcomes.extend([True] * min(count, WINDOW))

    def failed(self) -> None:
        """One that cannot be handled, now or as long as it is tried."""
        self._outcomes.append(False)

    @property
    def tripped(self) -> str | None:
        """Why nothing more may be set aside."""
        most, failed, known = self._most(), self._outcomes.count(False), len(self._outcomes)
        if not most or failed <= most or failed < SHARE * known:
            return None
        return f"{failed} of {known} messages could not be handled"

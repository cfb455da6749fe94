"""Stops a consumer that can handle hardly anything of what it reads.

A message that cannot be handled goes to the dead letters, and the others go on. After a bad deployment that would drain
the whole topic into them; then whoever reads has to stop, and leave its partitions to those who can.
"""

from collections import deque
from collections.abc import Sequence

from confluent_kafka import Message as Raw

WINDOW = 400
"""Messages of late that are looked at."""
MOST = 100
"""So many set aside are within what has to be borne: a stranger's messages, a release that sent some wrong ones."""
SHARE = 0.5


class CannotHandle(Exception):
    """Nothing more may be set aside. `done`: messages of the batch at hand that are dealt with."""

    def __init__(self, reason: str, done: Sequence[Raw]) -> None:
        super().__init__(reason)
        self.done = done


class Breaker:
    """Counts what became of messages, for one thread. It never recovers by itself: who mends the cause restarts it."""

    def __init__(self) -> None:
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)

    def handled(self, count: int) -> None:
        self._outcomes.extend([True] * min(count, WINDOW))

    def failed(self) -> None:
        """One that cannot be handled, now or as long as it is tried."""
        self._outcomes.append(False)

    @property
    def tripped(self) -> str | None:
        """Why nothing more may be set aside."""
        failed, known = self._outcomes.count(False), len(self._outcomes)
        return (
            f"{failed} of {known} messages could not be handled" if failed > MOST and failed >= SHARE * known else None
        )

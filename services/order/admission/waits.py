"""How long work of one kind has waited, of late."""

from collections import deque
from statistics import median

RECENT_SECONDS = 1.0
FEWEST = 5
"""Fewer say nothing: one order that waited is an accident, not a backlog."""
OLDEST_SECONDS = 3.0
"""Where work is slow, this far back is looked for enough of it."""
_MOST = 1024


class Waits:
    """The median of the last second's. A few stragglers do not move it, and neither does a part that stands still.

    Added to from the thread that handles messages, read from the event loop. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._waits: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, now: float, seconds: float) -> None:
        self._waits.append((now, max(0.0, seconds)))

    def at(self, now: float) -> float:
        """Seconds; 0 when there is too little to judge by."""
        waits = list(self._waits)  # at once, since the other thread goes on
        recent = [seconds for at, seconds in waits if at > now - RECENT_SECONDS]
        if len(recent) < FEWEST:
            recent = [seconds for at, seconds in waits[-FEWEST:] if at > now - OLDEST_SECONDS]
        return median(recent) if len(recent) >= FEWEST else 0.0

"""How often something happens, of late: a count that fades."""

import math


class Rate:
    """Events per second over about the last `seconds`; the older, the less they count. Times are monotonic seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._count = 0.0
        self._at = 0.0

    def add(self, now: float) -> float:
        """One event; answers the rate with it."""
        self._count = self._faded(now) + 1.0
        self._at = now
        return self._count / self._seconds

    def at(self, now: float) -> float:
        return self._faded(now) / self._seconds

    def _faded(self, now: float) -> float:
        return self._count * math.exp((self._at - now) / self._seconds)

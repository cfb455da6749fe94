"""How many new orders a second may be taken, by how long the work of those before them waits.

Open, there is no limit. When work waits longer than `TARGET_SECONDS` the platform is asked for more than it can do: the
limit becomes what was taken of late, times a factor that is 1 at the target, less the longer work waits, and less
while the wait grows. What was taken of late follows what can be done, since the wait stands still only where both are
the same. So nobody has to know the capacity, and each replica finds its part of it from the wait that all of them see.
Once nothing had to be refused for a while, it is open again.

A proportional-derivative controller of the wait around an integrating one of the rate; the figures are those with which
the simulation in its tests neither swings nor leaves capacity unused.
"""

import math

from services.order.admission.rate import Rate

TARGET_SECONDS = 1.0
"""Long enough that no part of the way ever runs dry, short beside the shortest deadline, 20 s."""
_GAIN = 0.4
_DAMPING = 0.5
_SMOOTHING_SECONDS = 1.0
_LEAST, _MOST = 0.1, 3.0
_MEMORY_SECONDS = 8.0
_CALM_SECONDS = 5.0
_PROBE = 1.0
"""Orders a second that are always taken: they show when there is room again, and let a new replica into its part."""


class Limit:
    """Times are monotonic seconds, rates orders a second."""

    def __init__(self) -> None:
        self.rate = math.inf
        self._taken = Rate(_MEMORY_SECONDS)
        self._refused_at = -math.inf
        self._updated_at = -math.inf
        self._wait = 0.0
        self._growth = 0.0

    @property
    def open(self) -> bool:
        return math.isinf(self.rate)

    def taken(self, now: float) -> None:
        self._taken.add(now)

    def refused(self, now: float) -> None:
        self._refused_at = now

    def update(self, now: float, wait: float, gain: float = 1.0) -> None:
        """To be called several times a second with how long work waits now.

        `gain`: how many orders arrived of late for each one that was taken, by all replicas: what can be done, where
        what was taken has just been less or more.
        """
        self._follow(now, wait)
        if self.open and wait <= TARGET_SECONDS:
            return
        if self.open:
            self._refused_at = now
        if wait < TARGET_SECONDS and now - self._refused_at > _CALM_SECONDS:
            self.rate = math.inf
            return
        factor = 1.0 + _GAIN * (TARGET_SECONDS - wait) - _DAMPING * self._growth
        self.rate = self._taken.at(now) * gain * min(_MOST, max(_LEAST, factor)) + _PROBE

    def _follow(self, now: float, wait: float) -> None:
        """The wait's growth in seconds a second, smoothed. After a pause it is not known."""
        passed = now - self._updated_at
        if passed > _SMOOTHING_SECONDS:
            self._growth = 0.0
        elif passed > 0:
            weight = min(1.0, passed / _SMOOTHING_SECONDS)
            self._growth += weight * ((wait - self._wait) / passed - self._growth)
        self._updated_at, self._wait = now, wait

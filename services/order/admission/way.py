"""How long orders on their way will wait, by how many there are. Where they wait need not be known.

Little's law: what is on its way, divided by what arrives a second, is how long the way takes. So it is known while the
orders are under way, and not only once they have told of their waiting, which takes as long as they wait. Counted is
the way to the authorized payment, of all replicas together; orders that take much longer than the others do, as those
that hang at the provider, are not counted.
"""

from collections import deque
from collections.abc import Callable

from services.order.admission.waits import Waits

SPAN_SECONDS = 8.0
"""Over so long what begins and arrives is counted."""
FRESH_SECONDS = 2.0
REMEMBERED_SECONDS = 60.0
"""For so long the quickest time tells what the way takes when nothing waits."""
_FEWEST = 10
_SHORTEST = 3.0
_MUCH_LONGER = 3.0


class Way:
    """Times are monotonic seconds. `longest`: seconds after which a payment is given up, as the settings say now."""

    def __init__(self, longest: Callable[[], float]) -> None:
        self._longest = longest
        self._took = Waits()
        self._medians: deque[tuple[float, float]] = deque()
        self._counts: deque[tuple[float, int]] = deque()
        self.under_way = self.begun = 0
        """As last counted."""
        self._per_second = 0.0
        self._gain = 1.0

    @property
    def counted_seconds(self) -> float:
        """Orders older than this do not count."""
        last = self._medians[-1][1] if self._medians else self._longest()
        return min(self._longest(), max(_SHORTEST, _MUCH_LONGER * last))

    def arrived(self, now: float, seconds: float) -> None:
        """An order's payment is authorized, so long after it was created. For any thread."""
        self._took.add(now, seconds)

    def counted(self, now: float, under_way: int, begun: int) -> None:
        """To be called about twice a second: what is on its way now, and what began within the last SPAN_SECONDS."""
        self.under_way, self.begun = under_way, begun
        self._remember(now)
        self._counts.append((now, under_way))
        while now - self._counts[0][0] > SPAN_SECONDS + FRESH_SECONDS:
            self._counts.popleft()
        then = next((at, count) for at, count in self._counts if now - at <= SPAN_SECONDS)
        arrived = begun - under_way + then[1]
        known = arrived >= _FEWEST and now - then[0] > SPAN_SECONDS - FRESH_SECONDS
        self._per_second = arrived / SPAN_SECONDS if known else 0.0
        self._gain = arrived / begun if known and begun else 1.0

    def wait(self, now: float) -> float:
        """Seconds, beyond what the way takes when nothing waits; 0 where it is not known."""
        if not (self._fresh(now) and self._medians and self._per_second):
            return 0.0
        # What takes long even so must not take what is left until the deadline.
        quickest = min(self._longest() / 2, *(seconds for _, seconds in self._medians))
        return max(0.0, self.under_way / self._per_second - quickest)

    def gain(self, now: float) -> float:
        """Of late so many arrived for each one that began."""
        return self._gain if self._fresh(now) else 1.0

    def _fresh(self, now: float) -> bool:
        return bool(self._counts) and now - self._counts[-1][0] < FRESH_SECONDS

    def _remember(self, now: float) -> None:
        if median := self._took.at(now):
            self._medians.append((now, median))
        while self._medians and self._medians[0][0] < now - REMEMBERED_SECONDS:
            self._medians.popleft()

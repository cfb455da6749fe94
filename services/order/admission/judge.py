"""Who is taken: asked for each new order, told by the backlog what there is to do. Nothing here waits for anything."""

import logging
import math
import random
import time
from collections.abc import Callable, Mapping

from services.order import metrics
from services.order.admission.backlog import Backlog
from services.order.admission.limit import Limit
from services.order.admission.shares import Shares

log = logging.getLogger(__name__)

MOST_PLACING = 500
"""So many orders may be on their way into the database at once: more could not be answered in time."""
_UPDATE_SECONDS = 0.1


class Judge:
    """`chance` answers random numbers from 0 to 1, `clock` monotonic seconds."""

    def __init__(
        self,
        backlog: Backlog,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._backlog = backlog
        self._limit = Limit()
        self._shares = Shares()
        self._clock = clock
        self._chance = chance
        self._updated_at = -math.inf
        self.wait = 0.0
        """Seconds, as last looked at: the longest of all sources."""

    def takes(self, customer: str) -> bool:
        """Whether one more order of the customer's is taken."""
        now = self._clock()
        if now - self._updated_at > _UPDATE_SECONDS:
            self.update()
        chance = self._shares.chance(customer, now)
        if self._backlog.placing < MOST_PLACING and (chance >= 1.0 or self._chance() < chance):
            self._limit.taken(now)
            return True
        self._limit.refused(now)
        return False

    def update(self) -> None:
        """Looks at the backlog anew; to be called now and then even when nobody orders."""
        now, was_open = self._clock(), self._limit.open
        waits, way = self._backlog.waits(), self._backlog.way
        # When more come than before it is too long a wait that it tells, for as long as their way takes.
        counted = waits if was_open else {**waits, "way": way.wait(now)}
        self.wait, self._updated_at = max(counted.values()), now
        self._limit.update(now, self.wait, way.gain(now))
        self._shares.divide(now, self._limit.rate)
        for source, seconds in {"way": 0.0, **counted}.items():
            metrics.ADMISSION_WAIT.labels(source).set(seconds)
        metrics.ADMISSION_LIMIT.set(self._limit.rate)
        if was_open and not self._limit.open:
            log.warning("work waits %.1f s: some orders are refused", self.wait)
        elif self._limit.open and not was_open:
            log.info("every order is taken again")

    def details(self) -> Mapping[str, object]:
        """For people: what it does now, and why."""
        rate = None if self._limit.open else round(self._limit.rate, 1)
        state = "open" if self._limit.open else "limited"
        return {"state": state, "wait_seconds": round(self.wait, 3), "orders_per_second": rate}

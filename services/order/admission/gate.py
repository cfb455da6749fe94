"""The gate before new orders: takes what can be finished in time, fairly, and sends the rest away before any work.

A repeat of a key that is taken always passes. Nothing is begun for a request that is refused.
"""

import logging
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

from psycopg import OperationalError
from starlette.requests import Request

from services.chassis.http.idempotency import HEADER
from services.chassis.http.problems import Overloaded
from services.chassis.observability import metrics
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database
from services.order.admission.backlog import Backlog
from services.order.admission.keys import Keys
from services.order.admission.limit import Limit
from services.order.admission.shares import Shares

log = logging.getLogger(__name__)

MOST_PLACING = 500
"""So many orders may be on their way into the database at once: more could not be answered in time."""
LONGEST_RETRY = 30
_UPDATE_SECONDS = 0.1
_LOOK_SECONDS = 0.5
_DETAIL = "More orders arrive than can be finished in time. Send the same request again after Retry-After seconds."


class Admission:
    """Judges while entered. `chance` answers random numbers from 0 to 1, `clock` monotonic seconds."""

    def __init__(
        self,
        database: Database,
        backlog: Backlog,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._backlog = backlog
        self._keys = Keys(database)
        self._limit = Limit()
        self._shares = Shares()
        self._clock = clock
        self._chance = chance
        self._wait = 0.0
        self._updated_at = -math.inf
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._keys)
        await self._stack.enter_async_context(Periodic("admission", _LOOK_SECONDS, self._look))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def admitted(self, request: Request, customer: str) -> AsyncIterator[None]:
        """Around the placing of an order. Raises Overloaded when it is not taken."""
        name = (customer, request.url.path, request.headers.get(HEADER, ""))
        if not self._takes(customer):
            if not await self._is_repeat(name):
                metrics.ADMISSIONS.labels("refused").inc()
                raise Overloaded(_DETAIL, retry_after=self._retry_after())
            metrics.ADMISSIONS.labels("repeated").inc()
            yield
            return
        metrics.ADMISSIONS.labels("admitted").inc()
        self._keys.take(name)
        number, placed = self._backlog.begun(), False
        try:
            yield
            placed = True
        finally:
            self._backlog.ended(number, placed=placed)
            if not placed:
                self._keys.give_back(name)

    def details(self) -> Mapping[str, object]:
        """For readiness: a service that refuses some is ready."""
        rate = None if self._limit.open else round(self._limit.rate, 1)
        state = "open" if self._limit.open else "limited"
        return {"admission": {"state": state, "wait_seconds": round(self._wait, 3), "orders_per_second": rate}}

    def _takes(self, customer: str) -> bool:
        now = self._clock()
        if now - self._updated_at > _UPDATE_SECONDS:
            self._update(now)
        chance = self._shares.chance(customer, now)
        if self._backlog.placing < MOST_PLACING and (chance >= 1.0 or self._chance() < chance):
            self._limit.taken(now)
            return True
        self._limit.refused(now)
        return False

    async def _is_repeat(self, name: tuple[str, str, str]) -> bool:
        try:
            return bool(name[-1]) and await self._keys.taken(name)
        except (OperationalError, TimeoutError) as error:
            log.warning("whether a key is taken could not be told: %s", type(error).__name__)
            return False

    def _retry_after(self) -> int:
        """Seconds: the further behind, the later, and not all at once."""
        soonest = max(1, round(self._wait))
        return min(LONGEST_RETRY, random.randint(soonest, 2 * soonest + 2))  # noqa: S311

    async def _look(self) -> None:
        await self._backlog.look()
        self._update(self._clock())

    def _update(self, now: float) -> None:
        was_open = self._limit.open
        waits = self._backlog.waits()
        self._wait, self._updated_at = max(waits.values()), now
        self._limit.update(now, self._wait)
        self._shares.divide(now, self._limit.rate)
        for source, seconds in waits.items():
            metrics.ADMISSION_WAIT.labels(source).set(seconds)
        metrics.ADMISSION_LIMIT.set(self._limit.rate)
        if was_open and not self._limit.open:
            log.warning("work waits %.1f s: some orders are refused", self._wait)
        elif self._limit.open and not was_open:
            log.info("every order is taken again")

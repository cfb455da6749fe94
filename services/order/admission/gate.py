"""The gate before new orders: takes what can be finished in time, fairly, and sends the rest away before any work.

A repeat of a key that is taken always passes. Nothing is begun for a request that is refused.
"""

import logging
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

from psycopg import OperationalError
from starlette.requests import Request

from services.chassis.http.idempotency import HEADER
from services.chassis.http.problems import Overloaded
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database
from services.order import metrics
from services.order.admission.backlog import Backlog
from services.order.admission.judge import Judge
from services.order.admission.keys import Keys

log = logging.getLogger(__name__)

LONGEST_RETRY = 30
_LOOK_SECONDS = 0.5
_DETAIL = "More orders arrive than can be finished in time. Send the same request again after Retry-After seconds."


class Admission:
    """Judges while entered."""

    def __init__(self, database: Database, backlog: Backlog) -> None:
        self._backlog = backlog
        self._keys = Keys(database)
        self._judge = Judge(backlog)
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
        name = (customer, request.scope["path"], request.headers.get(HEADER, ""))
        if not self._judge.takes(customer):
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
        return {"admission": self._judge.details()}

    async def _is_repeat(self, name: tuple[str, str, str]) -> bool:
        try:
            return bool(name[-1]) and await self._keys.taken(name)
        except (OperationalError, TimeoutError) as error:
            log.warning("whether a key is taken could not be told: %s", type(error).__name__)
            return False

    def _retry_after(self) -> int:
        """Seconds: the further behind, the later, and not all at once."""
        soonest = max(1, round(self._judge.wait))
        return min(LONGEST_RETRY, random.randint(soonest, 2 * soonest + 2))  # noqa: S311

    async def _look(self) -> None:
        await self._backlog.look()
        self._judge.update()

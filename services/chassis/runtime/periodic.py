"""Work that is done again and again while its resource is entered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from psycopg import OperationalError

from services.chassis.retry import spread
from services.chassis.runtime.tasks import stop

log = logging.getLogger(__name__)


class Periodic:
    """Calls `work` every `seconds`, or up to a fifth sooner, so that replicas do not march in step.

    An error does not end it: a database that is away is waited for, and anything else is logged and tried again, since
    one bad row must not stop the work for all others.
    """

    def __init__(self, name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        self._name = name
        self._seconds = seconds
        self._work = work

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=self._name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await stop(self._task)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(spread(self._seconds))
            try:
                await self._work()
            except OperationalError as error:
                log.warning("%s waits for the database: %s", self._name, type(error).__name__)
            except Exception:
                log.exception("%s failed and goes on", self._name)

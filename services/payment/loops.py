"""A task that does one thing again and again, and gives up only when told to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from psycopg import OperationalError

from services.chassis.retry import Attempts, Backoff
from services.chassis.runtime.tasks import stop

log = logging.getLogger(__name__)


class Loop:
    """Repeats `turn`; after a failure it pauses, longer each time."""

    def __init__(self, what: str, turn: Callable[[], Awaitable[None]]) -> None:
        self._what = what
        self._turn = turn
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._what)

    async def stop(self) -> None:
        """Ends at once; a turn is cut short where it waits."""
        if self._task:
            await stop(self._task)

    async def _run(self) -> None:
        attempts = Attempts(Backoff(first=0.2, limit=2.0))
        while True:
            try:
                await self._turn()
                attempts.succeeded()
            except Exception as error:
                fault = None if isinstance(error, OperationalError) else error
                log.warning("%s failed and is repeated: %s", self._what, type(error).__name__, exc_info=fault)
                await asyncio.sleep(attempts.failed())

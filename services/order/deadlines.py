"""Watches the deadlines, which are rows: whichever replica looks first ends what is overdue."""

import asyncio
import logging
import random
from contextlib import suppress
from types import TracebackType
from typing import Self

from psycopg import OperationalError

from services.order.handlers import DUE_BATCH, Handlers

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25


class Deadlines:
    """Looks a few times a second while entered."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch(), name="deadlines")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        while True:
            try:
                while await self._handlers.end_overdue() == DUE_BATCH:
                    pass
            except OperationalError as error:
                log.warning("deadlines are looked at again in a moment: %s", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311

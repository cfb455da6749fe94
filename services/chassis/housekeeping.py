"""Forgets, once an hour, what is kept for a time only: inbox rows and idempotency keys."""

import asyncio
import logging
import random
from contextlib import suppress
from types import TracebackType
from typing import Self

from psycopg import OperationalError

from services.chassis import idempotency, inbox
from services.chassis.database import Database

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


class Housekeeping:
    """Runs while entered; which of the chassis' tables the service has is its `main`'s to say and repeated here."""

    def __init__(self, database: Database, *, inbox: bool = False, idempotency: bool = False) -> None:
        self._database = database
        self._inbox = inbox
        self._idempotency = idempotency

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="housekeeping")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            # Apart from each other, so that replicas do not all clean in the same minute.
            await asyncio.sleep(EVERY_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311
            try:
                async with self._database.transaction() as unit:
                    if self._inbox:
                        await inbox.forget(unit.connection)
                    if self._idempotency:
                        await idempotency.forget(unit.connection)
            except OperationalError as error:
                log.warning("housekeeping waits for the next hour: %s", type(error).__name__)

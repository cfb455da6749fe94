"""Tells the lies of `lies.py`, and lets late calls arrive."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from types import TracebackType
from typing import Self

from services.chassis.runtime.tasks import stop
from tryout.simulator.errors import ApiError, ServerError
from tryout.simulator.keys import Keys, Outcome
from tryout.simulator.ledger import Ledger
from tryout.simulator.lies import TOKENS, Hang, Lie, Lost
from tryout.simulator.requests import Command
from tryout.simulator.settings import SimulatorSettings

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[Outcome]]


class Teller:
    """Late calls arrive while entered; those that have not by its end never do."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger, keys: Keys) -> None:
        self._settings = settings
        self._ledger = ledger
        self._keys = keys
        self._late: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in list(self._late):
            await stop(task)

    async def lie(self, method: str | None, about: str, calls: Collection[str]) -> Lie | None:
        """The lie to tell of these calls on a payment method, once for each `about` (an order)."""
        lie, call = TOKENS.get(method or "", (None, ""))
        if lie is None or call not in calls:
            return None
        return lie if await self._ledger.lie(about, call) else None

    async def tell(self, lie: Lie | None, command: Command, outcome: Outcome) -> Outcome:
        """What the caller hears of what was done. Raises Lost."""
        if lie is None or outcome.status != 200 or outcome.original is not None:
            return outcome
        if lie is Lie.LOST:
            raise Lost
        return await self._keys.answer_instead(command, ServerError())

    def later(self, command: Command, work: Work) -> None:
        """Carries the call out when its caller has given up. Always raises Hang."""
        task = asyncio.create_task(self._arrive(command, work), name="late call")
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        raise Hang

    async def _arrive(self, command: Command, work: Work) -> None:
        await asyncio.sleep(self._settings.late_seconds)
        try:
            with self._keys.alone(command):
                await work()
        except ApiError as error:
            log.info("a late call was refused: %s", error)
        except Exception as error:
            log.error("a late call failed", exc_info=error)

"""Questions asked together: while one statement is under way others gather, and become the next one.

Under load a statement answers many then, and alone each question goes out at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Generic, Self, TypeVar

from services.chassis.runtime.tasks import stop

K = TypeVar("K")
V = TypeVar("V")

MOST = 100
"""Keys in one statement: their rows are read on the event loop."""

Ask = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]
"""What is known of these keys."""


class Together(Generic[K, V]):
    """Answers while entered; `ask` gets the keys of all who wait. An answer is never older than its question.

    `gather`: seconds for which each statement waits for more questions.
    """

    def __init__(self, name: str, ask: Ask[K, V], *, gather: float = 0.0) -> None:
        self._name = name
        self._ask = ask
        self._gather = gather
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._answering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answering:
            await stop(self._answering)
        for question in self._asked.values():
            question.cancel()

    async def get(self, key: K) -> V | None:
        """None where nothing is known. Raises what `ask` raises."""
        question = self._asked.get(key)
        if question is None:
            question = self._asked[key] = asyncio.get_running_loop().create_future()
            if self._answering is None or self._answering.done():
                self._answering = asyncio.create_task(self._answer_all(), name=self._name)
        # Who hangs up leaves the others what they wait for.
        return await asyncio.shield(question)

    async def _answer_all(self) -> None:
        while self._asked:
            if self._gather:
                await asyncio.sleep(self._gather)
            keys = list(islice(self._asked, MOST))
            asked = {key: self._asked.pop(key) for key in keys}
            try:
                found = await self._ask(keys)
            except Exception as error:
                for question in asked.values():
                    question.set_exception(error)
                    question.exception()  # whoever asked may have gone
            except BaseException:
                for question in asked.values():
                    question.cancel()
                raise
            else:
                for key, question in asked.items():
                    question.set_result(found.get(key))

"""Which idempotency keys are taken: a repeat gets its first answer, however much there is to do."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from services.chassis.runtime.tasks import stop
from services.chassis.storage.database import Database

Name = tuple[str, str, str]
"""Caller, path and key."""

MOST = 10_000
"""Keys in memory; the others are in the database."""
GATHER_SECONDS = 0.1
"""Questions gather for so long: one statement costs as much as many refusals."""
_ANSWER_SECONDS = 3.0

_TAKEN = """
SELECT caller, path, key FROM unnest(%b::text[], %b::text[], %b::text[]) AS asked (caller, path, key)
JOIN idempotency_key USING (caller, path, key) WHERE created_at >= now() - interval '24 hours'
"""


class Keys:
    """Answers while entered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[Name, None] = OrderedDict()
        self._asked: dict[Name, asyncio.Future[bool]] = {}
        self._answering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answering:
            await stop(self._answering)

    def __len__(self) -> int:
        return len(self._known)

    def take(self, name: Name) -> None:
        self._known[name] = None
        self._known.move_to_end(name)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def give_back(self, name: Name) -> None:
        """Nothing came of it: the key is free, unless the database says otherwise."""
        self._known.pop(name, None)

    async def taken(self, name: Name) -> bool:
        """Raises what the database raises, and TimeoutError: then nobody knows."""
        if name in self._known:
            return True
        return await asyncio.shield(self._question(name))

    def _question(self, name: Name) -> "asyncio.Future[bool]":
        if name not in self._asked:
            self._asked[name] = asyncio.get_running_loop().create_future()
            if self._answering is None or self._answering.done():
                self._answering = asyncio.create_task(self._answer(), name="taken keys")
        return self._asked[name]

    async def _answer(self) -> None:
        """One statement at a time, however many wait: refusing must not take the database from those who are in."""
        while self._asked:
            await asyncio.sleep(GATHER_SECONDS)
            asked, self._asked = self._asked, {}
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    taken = await self._those_taken(asked)
            except Exception as error:
                for question in asked.values():
                    question.set_exception(error)
                    question.exception()  # whoever asked may have gone
            else:
                for name, question in asked.items():
                    question.set_result(name in taken)

    async def _those_taken(self, asked: Iterable[Name]) -> set[tuple[Any, ...]]:
        columns = [list(column) for column in zip(*asked, strict=True)]
        return set(await self._database.fetch(_TAKEN, columns))

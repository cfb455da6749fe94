"""Which idempotency keys are taken: a repeat gets its first answer, however much there is to do."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from services.chassis.storage.database import Database
from services.chassis.storage.together import Together

Name = tuple[str, str, str]
"""Caller, path and key."""

MOST = 10_000
"""Keys in memory; the others are in the database."""
GATHER_SECONDS = 0.1
"""Questions gather for so long: one statement costs as much as many refusals, and must not take the database from
those who are in."""
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
        self._asked = Together("taken keys", self._those_taken, gather=GATHER_SECONDS)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._asked)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

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
        return name in self._known or bool(await self._asked.get(name))

    async def _those_taken(self, asked: Sequence[Name]) -> dict[Name, bool]:
        columns = [list(column) for column in zip(*asked, strict=True)]
        async with asyncio.timeout(_ANSWER_SECONDS):
            rows = await self._database.fetch(_TAKEN, columns)
        return dict.fromkeys(rows, True)

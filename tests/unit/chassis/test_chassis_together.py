"""Questions that gather while one statement is under way."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from services.chassis.storage.together import MOST, Together


class Table:
    """A table whose statements wait until they are let go."""

    def __init__(self) -> None:
        self.rows = {number: f"row {number}" for number in range(1000)}
        self.statements: list[list[int]] = []
        self.begun = asyncio.Condition()
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self, keys: Sequence[int]) -> Mapping[int, str]:
        async with self.begun:
            self.statements.append(list(keys))
            self.begun.notify_all()
        rows = dict(self.rows)
        await self.open.wait()
        if self.error:
            raise self.error
        return {key: rows[key] for key in keys if key in rows}

    async def has_begun(self, statements: int) -> None:
        async with asyncio.timeout(5), self.begun:
            await self.begun.wait_for(lambda: len(self.statements) >= statements)


async def test_those_who_ask_while_a_statement_is_under_way_share_the_next() -> None:
    table = Table()
    async with Together("rows", table.ask) as together:
        first = asyncio.create_task(together.get(1))
        await table.has_begun(1)
        others = [asyncio.create_task(together.get(key)) for key in (2, 3, 3, 4000)]
        await asyncio.sleep(0)
        table.open.set()
        assert await first == "row 1"
        assert await asyncio.gather(*others) == ["row 2", "row 3", "row 3", None]
    assert table.statements == [[1], [2, 3, 4000]]


async def test_an_answer_is_never_older_than_its_question() -> None:
    table = Table()
    async with Together("rows", table.ask) as together:
        before = asyncio.create_task(together.get(1))
        await table.has_begun(1)
        table.rows[1] = "changed"
        after = asyncio.create_task(together.get(1))
        await asyncio.sleep(0)
        table.open.set()
        assert [await before, await after] == ["row 1", "changed"]


async def test_a_failure_reaches_all_who_asked_and_nobody_after_them() -> None:
    table = Table()
    table.open.set()
    async with Together("rows", table.ask) as together:
        table.error = ConnectionError("away")
        failed = await asyncio.gather(together.get(1), together.get(2), return_exceptions=True)
        assert [str(error) for error in failed] == ["away", "away"]
        table.error = None
        assert await together.get(1) == "row 1"


async def test_who_hangs_up_leaves_the_others_what_they_wait_for() -> None:
    table = Table()
    async with Together("rows", table.ask) as together:
        gone, stays = (asyncio.create_task(together.get(1)) for _ in range(2))
        await table.has_begun(1)
        gone.cancel()
        table.open.set()
        assert await stays == "row 1"
    assert gone.cancelled()


async def test_a_statement_is_bounded_and_what_is_left_comes_next() -> None:
    table = Table()
    table.open.set()
    async with Together("rows", table.ask) as together:
        answers = await asyncio.gather(*[together.get(key) for key in range(MOST + 1)])
    assert answers == [f"row {key}" for key in range(MOST + 1)]
    assert [len(keys) for keys in table.statements] == [MOST, 1]


async def test_a_statement_waits_for_more_where_it_is_told_to() -> None:
    table = Table()
    table.open.set()
    async with Together("rows", table.ask, gather=0.01) as together:
        first = asyncio.create_task(together.get(1))
        await asyncio.sleep(0)
        assert await together.get(2) == "row 2"
        assert await first == "row 1"
    assert table.statements == [[1, 2]]


async def test_at_the_end_whoever_waits_still_is_let_go() -> None:
    table = Table()
    together = Together("rows", table.ask)
    async with together:
        asked = asyncio.create_task(together.get(1))
        await table.has_begun(1)
        behind = asyncio.create_task(together.get(2))
        await asyncio.sleep(0)
    for one in (asked, behind):
        with pytest.raises(asyncio.CancelledError):
            await one

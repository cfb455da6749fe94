"""Units of work asked for on the event loop: several in one statement, each with its own answer."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager

import pytest
from psycopg import OperationalError

from services.chassis.messaging import units as units_module
from services.chassis.messaging.unit import Unit
from services.chassis.messaging.units import Units
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, backlog, numbered, sessions, until, usable
from tests.support.servers import Postgres

_KEEP = "INSERT INTO kept SELECT json_array_elements_text(%s)"


class Keeper:
    """Keeps texts; "wait" holds the thread up until `go_on`, so that what comes then gathers."""

    def __init__(self, topic: str) -> None:
        self.batches: list[list[str]] = []
        self.go_on = threading.Event()
        self._topic = topic

    def __call__(self, unit: Unit, texts: Sequence[str]) -> Sequence[str | Exception]:
        self.batches.append(list(texts))
        if "wait" in texts:
            assert self.go_on.wait(30)
        if "sleep" in texts:
            unit.read("SELECT pg_sleep(600)")
        if "bad" in texts:
            raise ValueError("bad")
        unit.write(_KEEP, [text for text in texts if text != "refused"])
        unit.publish(*(numbered(self._topic, text, 1) for text in texts))
        return [KeyError(text) if text == "refused" else text.upper() for text in texts]


@pytest.fixture
async def kept(database: Database) -> None:
    await database.execute("CREATE TABLE kept (text text)")


@pytest.fixture
def keeper(topics: Topics) -> Keeper:
    return Keeper(topics())


def units(bare: Bare, keeper: Keeper, most: int = 100) -> Units[str, str]:
    def apart(text: str) -> Hashable:
        return text.partition("-")[0]

    return Units(bare.settings, bare.outbox(), "texts", keeper, most=most, apart=apart)


@asynccontextmanager
async def gathered(entered: Units[str, str], keeper: Keeper, *texts: str) -> AsyncIterator[list[asyncio.Task[str]]]:
    """The texts wait for their turn together within the block, and are done after it."""
    first = asyncio.create_task(entered.do("wait"))
    await until(lambda: keeper.batches)
    tasks = [asyncio.create_task(entered.do(text)) for text in texts]
    await until(lambda: entered.waiting == len(texts))
    yield tasks
    keeper.go_on.set()
    assert await first == "WAIT"
    await asyncio.wait(tasks, timeout=30)


async def texts_kept(database: Database) -> list[str]:
    return [row[0] for row in await database.fetch("SELECT text FROM kept ORDER BY text")]


@pytest.mark.usefixtures("kept")
async def test_what_gathers_while_a_statement_is_under_way_is_the_next_one_together(
    bare: Bare, database: Database, keeper: Keeper
) -> None:
    async with units(bare, keeper) as entered, gathered(entered, keeper, "a", "b", "c", "d") as tasks:
        pass
    assert [task.result() for task in tasks] == ["A", "B", "C", "D"]
    assert keeper.batches == [["wait"], ["a", "b", "c", "d"]]
    assert len(await database.fetch("SELECT DISTINCT xmin::text FROM kept")) == 2
    assert await backlog(database) == 5


@pytest.mark.usefixtures("kept")
async def test_a_statement_takes_no_more_than_it_may(bare: Bare, database: Database, keeper: Keeper) -> None:
    async with units(bare, keeper, most=2) as entered, gathered(entered, keeper, "a", "b", "c"):
        pass
    assert keeper.batches == [["wait"], ["a", "b"], ["c"]]
    assert await texts_kept(database) == ["a", "b", "c", "wait"]


@pytest.mark.usefixtures("kept")
async def test_items_of_the_same_name_are_not_done_together(bare: Bare, database: Database, keeper: Keeper) -> None:
    async with units(bare, keeper) as entered, gathered(entered, keeper, "a-1", "b-1", "a-2", "c-1", "a-3"):
        pass
    assert keeper.batches == [["wait"], ["a-1", "b-1"], ["a-2", "c-1"], ["a-3"]]
    assert await texts_kept(database) == ["a-1", "a-2", "a-3", "b-1", "c-1", "wait"]


@pytest.mark.usefixtures("kept")
async def test_an_item_that_cannot_be_done_does_not_fail_the_others(
    bare: Bare, database: Database, keeper: Keeper
) -> None:
    async with units(bare, keeper) as entered, gathered(entered, keeper, "a", "bad", "refused", "d") as tasks:
        pass
    assert [task.exception() is None for task in tasks] == [True, False, False, True]
    assert isinstance(tasks[1].exception(), ValueError)
    assert isinstance(tasks[2].exception(), KeyError)
    assert await texts_kept(database) == ["a", "d", "wait"]
    assert await backlog(database) == 4


@pytest.mark.usefixtures("kept")
async def test_a_failure_after_the_commit_neither_repeats_nor_denies_it(
    bare: Bare, database: Database, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []

    def fail() -> None:
        raise RuntimeError("ann@shop.test")

    def work(unit: Unit, texts: Sequence[str]) -> Sequence[str | Exception]:
        unit.after_commit(fail)
        unit.after_commit(lambda: called.extend(texts))
        return keeper(unit, texts)

    entered = Units(bare.settings, bare.outbox(), "texts", work, most=100, apart=str)
    async with entered, gathered(entered, keeper, "a", "b") as tasks:
        pass
    assert [task.result() for task in tasks] == ["A", "B"]
    assert await texts_kept(database) == ["a", "b", "wait"]
    assert called == ["wait", "a", "b"]
    assert "what follows a commit failed: RuntimeError" in caplog.text
    assert "ann@shop.test" not in caplog.text


@pytest.mark.usefixtures("kept")
async def test_one_too_many_is_told_so_at_once(
    bare: Bare, database: Database, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units_module, "MOST_WAITING", 3)
    async with units(bare, keeper) as entered:
        async with gathered(entered, keeper, "a", "b", "c"):
            with pytest.raises(OperationalError, match="3 texts are waiting"):
                await asyncio.wait_for(entered.do("d"), 1)
        assert await entered.do("e") == "E"
    assert await texts_kept(database) == ["a", "b", "c", "e", "wait"]


@pytest.mark.usefixtures("kept")
async def test_who_stops_asking_takes_nothing_from_the_others(bare: Bare, database: Database, keeper: Keeper) -> None:
    async with units(bare, keeper) as entered, gathered(entered, keeper, "a", "b") as (one, two):
        one.cancel()
        await until(one.cancelled)
    assert two.result() == "B"
    assert await texts_kept(database) == ["a", "b", "wait"]


@pytest.mark.usefixtures("kept")
async def test_stopping_does_what_waits_still(bare: Bare, database: Database, keeper: Keeper) -> None:
    entered = await units(bare, keeper).__aenter__()
    async with gathered(entered, keeper, "a", "b") as tasks:
        stopping = asyncio.create_task(entered.__aexit__(None, None, None))
        await asyncio.sleep(0)
    await stopping
    assert [task.result() for task in tasks] == ["A", "B"]
    assert await texts_kept(database) == ["a", "b", "wait"]


@pytest.mark.usefixtures("kept")
async def test_stopping_ends_a_statement_that_takes_long(
    bare: Bare, database: Database, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units_module, "MOST_WAITING", 1)
    monkeypatch.setattr(units_module, "_STOP_SECONDS", 2.0)
    async with units(bare, keeper) as entered:
        long = asyncio.create_task(entered.do("sleep"))
        await until(lambda: sessions(database, "wait_event", "PgSleep"))
        waiting = asyncio.create_task(entered.do("a"))
        await until(lambda: entered.waiting)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    with pytest.raises(OperationalError):
        await asyncio.wait_for(long, 5)
    assert await asyncio.wait_for(waiting, 5) == "A"
    assert not entered._thread.is_alive()


@pytest.mark.usefixtures("kept")
async def test_a_database_that_is_away_is_told_and_used_again_when_it_is_back(
    bare: Bare, database: Database, keeper: Keeper, postgres: Postgres
) -> None:
    async with units(bare, keeper) as entered:
        await entered.do("a")
        postgres.kill()
        try:
            for _ in range(2):
                with pytest.raises(OperationalError):
                    await asyncio.wait_for(entered.do("lost"), 10)
        finally:
            postgres.start()
        assert await asyncio.wait_for(entered.do("b"), 10) == "B"
    await until(lambda: usable(database))
    assert await texts_kept(database) == ["a", "b"]

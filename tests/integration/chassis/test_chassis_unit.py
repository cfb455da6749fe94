"""Units of work: what two of them do at once happens in turn, and what is refused leaves nothing."""

import asyncio
import threading
from functools import partial

import pytest

from services.chassis.messaging.unit import Conflict, Unit, unit_of
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, backlog, emptied, numbered, publish, until, urgent
from tests.support.counting import count_up, create, first_appearances

_KEEP = "INSERT INTO kept SELECT json_array_elements_text(%s)"


async def test_two_units_that_change_the_same_row_at_once_both_take_effect_in_turn(
    bare: Bare, database: Database, topics: Topics
) -> None:
    topic = topics()
    await create(database, ["a"])
    both_have_read = threading.Barrier(2)
    worked: list[bool] = []

    def work(unit: Unit) -> int:
        number = count_up(unit, "a", partial(numbered, topic))
        worked.append(unit.locking)
        if not unit.locking:
            both_have_read.wait(20)
        return number

    one, two = await bare.changes(), await bare.changes("bare-2")
    assert sorted(await asyncio.gather(one.do(work), two.do(work))) == [1, 2]
    assert sorted(worked) == [False, False, True]
    assert await database.fetch("SELECT n FROM counter") == [(2,)]
    rows = await database.fetch("SELECT convert_from(payload, 'UTF8') FROM outbox ORDER BY id")
    assert rows == [('{"number":1}',), ('{"number":2}',)]


async def test_many_threads_that_count_up_lose_nothing_and_keep_the_order(
    bare: Bare, database: Database, topics: Topics
) -> None:
    topic, other = topics(2), topics(2)
    keys = ["a", "b"]
    await create(database, keys)
    await bare.relay(database)
    sources = [await bare.changes() for _ in range(6)]

    async def count(number: int) -> None:
        for step in range(30):
            key = keys[(number + step) % 2]
            await sources[number].do(lambda unit: count_up(unit, key, partial(urgent, topic), partial(numbered, other)))  # noqa: B023

    await asyncio.gather(*(count(number) for number in range(len(sources))))
    for found in (await first_appearances(bare, topic, 180), await first_appearances(bare, other, 180)):
        assert found == {key: list(range(1, 91)) for key in keys}
    await until(lambda: emptied(database))


async def test_a_refused_unit_leaves_nothing_and_runs_no_callback(
    bare: Bare, database: Database, topics: Topics
) -> None:
    await create(database, ["a"])
    await database.execute("CREATE TABLE kept (text text)")
    called: list[str] = []
    session, outbox = bare.session(), bare.outbox()

    def overtaken() -> None:
        with unit_of(session, outbox, locking=False, sign_in=["m-1"]) as unit:
            count_up(unit, "a", partial(numbered, "t"))
            unit.write(_KEEP, ["x"])
            unit.after_commit(lambda: called.append("overtaken"))
            other = bare.session()
            with unit_of(other, outbox, locking=False) as quicker:
                count_up(quicker, "a")
                quicker.after_commit(lambda: called.append("quicker"))

    with pytest.raises(Conflict):
        await asyncio.to_thread(overtaken)
    assert called == ["quicker"]
    assert await database.fetch("SELECT n FROM counter") == [(1,)]
    for table in ("kept", "inbox", "outbox"):
        assert await database.fetch(f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.parametrize("locking", [False, True])
async def test_the_revision_is_that_of_all_rows_the_unit_wrote(bare: Bare, database: Database, locking: bool) -> None:
    await create(database, ["a", "b"])
    session = bare.session()
    with unit_of(session, bare.outbox(), locking=locking) as unit:
        count_up(unit, "a")
        count_up(unit, "b")
    assert await database.fetch("SELECT DISTINCT xmin::text FROM counter") == [(unit.revision,)]


async def test_a_unit_that_locks_makes_another_wait(bare: Bare, database: Database) -> None:
    await create(database, ["a"])
    outbox, order = bare.outbox(), list[str]()

    def second() -> None:
        with unit_of(bare.session(), outbox, locking=True) as unit:
            count_up(unit, "a")
            order.append("second")

    with unit_of(bare.session(), outbox, locking=True) as unit:
        count_up(unit, "a")
        waiting = asyncio.create_task(asyncio.to_thread(second))
        await until(lambda: _waits(database))
        order.append("first")
    await waiting
    assert order == ["first", "second"]
    assert await database.fetch("SELECT n FROM counter") == [(2,)]


async def test_ids_that_were_never_committed_or_come_late_change_nothing(
    bare: Bare, database: Database, topics: Topics
) -> None:
    topic = topics()
    await bare.relay(database)
    insert = (
        "INSERT INTO outbox (bucket, topic, key, payload, headers, patient) "
        "VALUES (3, %s, 'late', '{\"number\":1}', '{}', %s)"
    )
    for patient in (True, False):
        async with database.transaction() as late:
            await late.connection.execute(insert, (topic, patient))
            await database.fetch("SELECT nextval(pg_get_serial_sequence('outbox', 'id')) FROM generate_series(1, 50)")
            await publish(bare, *(urgent(topic, f"a-{patient}", n) for n in range(3)))
            await publish(bare, *(numbered(topic, f"b-{patient}", n) for n in range(3)))
            await until(lambda: emptied(database))
        await until(lambda: emptied(database))
    found = await first_appearances(bare, topic, 13)
    assert found.pop("late") == [1]
    assert list(found.values()) == [[0, 1, 2]] * 4
    assert await backlog(database) == 0


async def _waits(database: Database) -> bool:
    rows = await database.fetch("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    return bool(rows)

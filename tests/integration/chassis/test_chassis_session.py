"""A thread's own connection: its settings, its end and its way back."""

import asyncio
import time

import psycopg
import pytest
from psycopg.errors import QueryCanceled

from services.chassis.storage.database import Database
from tests.support.bare import Bare, sessions, until


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_bitmapscan", "off"),
        ("jit", "off"),
        ("TimeZone", "UTC"),
        ("statement_timeout", "15s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ],
)
def test_its_settings_are_in_force(bare: Bare, setting: str, value: str) -> None:
    assert bare.session().query("SELECT current_setting(%s)", (setting,)) == [(value,)]


def test_a_statement_is_planned_once(bare: Bare) -> None:
    session = bare.session()
    for number in range(10):
        assert session.query("SELECT %s::int + 1", (number,)) == [(number + 1,)]
    query = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int%%'"
    assert session.query(query) == [(10, 0)]


async def test_after_its_backend_was_ended_it_fails_once_and_connects_anew(bare: Bare, database: Database) -> None:
    session = bare.session()
    ((backend,),) = session.query("SELECT pg_backend_pid()")
    await database.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    with pytest.raises(psycopg.OperationalError):
        session.query("SELECT 1")
    assert session.query("SELECT pg_backend_pid()") != [(backend,)]


async def test_a_transaction_whose_backend_was_ended_leaves_nothing(bare: Bare, database: Database) -> None:
    await database.execute("CREATE TABLE kept (n int)")
    session = bare.session()

    async def lose() -> None:
        with session.transaction():
            ((backend,),) = session.query("INSERT INTO kept VALUES (1) RETURNING pg_backend_pid()")
            await database.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
            session.query("INSERT INTO kept VALUES (2)")

    with pytest.raises(psycopg.OperationalError):
        await lose()
    with session.transaction():
        session.query("INSERT INTO kept VALUES (3)")
    assert await database.fetch("SELECT n FROM kept") == [(3,)]


async def test_another_thread_ends_the_statement_that_is_running(bare: Bare, database: Database) -> None:
    session = bare.session()
    running = asyncio.create_task(asyncio.to_thread(session.query, "SELECT pg_sleep(600)"))
    await until(lambda: sessions(database, "wait_event", "PgSleep"))
    started = time.monotonic()
    await asyncio.to_thread(session.cancel)
    with pytest.raises(QueryCanceled):
        await running
    assert time.monotonic() - started < 5
    assert session.query("SELECT 1") == [(1,)]


def test_to_end_nothing_does_no_harm(bare: Bare) -> None:
    session = bare.session()
    session.cancel()
    assert session.query("SELECT 1") == [(1,)]
    session.cancel()
    assert session.query("SELECT 1") == [(1,)]
    session.close()
    session.cancel()
    assert session.query("SELECT 1") == [(1,)]

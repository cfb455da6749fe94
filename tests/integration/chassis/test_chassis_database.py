"""A service that starts before its database does."""

import asyncio

import psycopg
import pytest
from pydantic import SecretStr

from services.chassis.storage.database import Database
from tests.conftest import NewDatabase
from tests.support.bare import BareSettings


def late(url: str) -> BareSettings:
    return BareSettings(instance="late", host="127.0.0.1", database_url=SecretStr(url), kafka_bootstrap="127.0.0.1:1")


async def test_work_before_the_start_waits_for_a_database_that_is_late(new_database: NewDatabase) -> None:
    server, _, name = new_database().rpartition("/")
    hidden = f"{name}_hidden"

    async def rename(before: str, after: str) -> None:
        async with await psycopg.AsyncConnection.connect(f"{server}/postgres", autocommit=True) as connection:
            await connection.execute(f"ALTER DATABASE {before} RENAME TO {after}".encode())

    await rename(name, hidden)
    async with Database(late(f"{server}/{name}")) as database:
        waiting = asyncio.create_task(database.awaited())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 1)
        await rename(hidden, name)
        await asyncio.wait_for(waiting, 20)
        assert await database.fetch("SELECT 1") == [(1,)]


async def test_the_wait_for_a_database_has_an_end(new_database: NewDatabase) -> None:
    server, _, name = new_database().rpartition("/")
    async with Database(late(f"{server}/{name}_nowhere")) as database:
        with pytest.raises(psycopg.OperationalError):
            await database.awaited(seconds=0.1)

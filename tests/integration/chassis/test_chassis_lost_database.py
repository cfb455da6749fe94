"""A database whose machine is gone from the network: nothing refuses, nothing answers."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from services.chassis.storage.database import Database
from services.chassis.storage.session import Session
from tests.conftest import NewDatabase
from tests.support.bare import BareSettings
from tests.support.ports import free_port
from tests.support.relay import relayed
from tests.support.serving import until

RELAY = Path(__file__).parents[2] / "support" / "relay.py"
NETWORK = f"10.213.{os.getpid() >> 6 & 255}.{(os.getpid() & 63) << 2}/30"
"""Each process that runs tests has its own."""
HERE, THERE = (str(address) for address in ip_network(NETWORK).hosts())


def ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True, timeout=10)


@pytest.fixture
async def far(new_database: NewDatabase) -> AsyncIterator[tuple[str, str]]:
    """A database behind a network of its own: its URL there, and the network's name."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace takes Linux, root and the program ip")
    space = f"mercato-{os.getpid()}"
    ours, theirs = f"mo{os.getpid()}", f"mt{os.getpid()}"
    url = urlsplit(new_database())
    inner, port = free_port(), free_port()
    try:
        ip("netns", "add", space)
        ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", space)
        ip("addr", "add", f"{HERE}/30", "dev", ours)
        ip("link", "set", ours, "up")
        ip("-n", space, "addr", "add", f"{THERE}/30", "dev", theirs)
        ip("-n", space, "link", "set", theirs, "up")
        async with relayed(HERE, inner, str(url.hostname), int(url.port or 5432)):
            enter = ["ip", "netns", "exec", space, sys.executable, str(RELAY)]
            process = await asyncio.create_subprocess_exec(*enter, THERE, str(port), HERE, str(inner))
            try:
                yield url._replace(netloc=f"{url.netloc.rpartition('@')[0]}@{THERE}:{port}").geturl(), space
            finally:
                process.kill()
                await process.wait()
    finally:
        ip("netns", "delete", space, check=False)
        ip("link", "delete", ours, check=False)


Ask = Callable[[str], Coroutine[None, None, object]]


@asynccontextmanager
async def _pool(settings: BareSettings) -> AsyncIterator[Ask]:
    async with Database(settings) as database:
        yield database.fetch


@asynccontextmanager
async def _session(settings: BareSettings) -> AsyncIterator[Ask]:
    with Session(settings) as session:
        yield lambda statement: asyncio.to_thread(session.query, statement)


@asynccontextmanager
async def _session_that_writes(settings: BareSettings) -> AsyncIterator[Ask]:
    with Session(settings) as session:
        yield lambda statement: asyncio.to_thread(session.write, statement, [])


@pytest.mark.parametrize("opened", [_pool, _session, _session_that_writes])
async def test_a_statement_to_a_database_that_left_the_network_fails_within_seconds(
    far: tuple[str, str], opened: Callable[[BareSettings], AbstractAsyncContextManager[Ask]]
) -> None:
    url, space = far
    settings = BareSettings(
        instance="far", host="127.0.0.1", database_url=SecretStr(url), kafka_bootstrap="127.0.0.1:1"
    )
    async with Database(settings) as database:
        await database.awaited(seconds=20)
    async with opened(settings) as ask, await psycopg.AsyncConnection.connect(url, autocommit=True) as watcher:
        asked = asyncio.create_task(ask("SELECT pg_sleep(60)"))

        async def runs() -> bool:
            query = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
            return await (await watcher.execute(query)).fetchone() is not None

        await until(runs)
        ip("-n", space, "addr", "flush", "scope", "global")
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(asked, 10)

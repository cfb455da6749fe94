"""The HTTP server's end: it sleeps until a signal, whenever that comes."""

import asyncio
import signal
from typing import Any

import pytest
import uvicorn

from services.chassis.http.server import Server


@pytest.fixture
def server() -> Server:
    async def nothing(_scope: Any, _receive: Any, _send: Any) -> None:
        return

    server = Server(uvicorn.Config(nothing, log_config=None, server_header=False, date_header=False, lifespan="off"))
    server.config.load()
    return server


async def test_a_signal_ends_its_sleep(server: Server) -> None:
    asleep = asyncio.create_task(server.main_loop())
    await asyncio.sleep(0)
    assert not asleep.done()
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(5):
        await asleep


async def test_a_signal_that_came_before_it_slept_is_not_slept_through(server: Server) -> None:
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(5):
        await server.main_loop()


async def test_who_was_told_to_stop_before_it_was_started_does(server: Server) -> None:
    server.should_exit = True
    async with asyncio.timeout(5):
        await server.main_loop()

"""Server-sent events are read as they are written, whatever comes between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from services.chassis.configuration.event_stream import ACCEPT, is_stream, payloads

STREAM = "text/event-stream"


async def read(text: bytes, content_type: str = STREAM, status: int = 200) -> list[bytes] | None:
    """None where the answer is no stream."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=text, status=status, content_type=content_type)

    app = web.Application()
    app.router.add_get("/", answer)
    async with (
        serving(app) as url,
        aiohttp.ClientSession() as session,
        session.get(url, headers=ACCEPT) as response,
    ):
        return [payload async for payload in payloads(response)] if is_stream(response) else None


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", []),
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b": heartbeat\n\ndata:a\n\n: heartbeat\n\n\n", [b"a"]),
        (b"event: changed\nid: 7\ndata: {\ndata:  x}\nretry: 5\n\n", [b"{\n x}"]),
        (b"data: whole\n\ndata: cut off", [b"whole"]),
        ("data: Grüße\n\n".encode(), ["Grüße".encode()]),
    ],
)
async def test_each_event_is_its_data(text: bytes, found: list[bytes]) -> None:
    assert await read(text) == found


@pytest.mark.parametrize(("content_type", "status"), [("application/json", 200), (STREAM, 404), (STREAM, 503)])
async def test_another_answer_is_no_stream(content_type: str, status: int) -> None:
    assert await read(b"data: a\n\n", content_type, status) is None

"""The client of the config service against one that is late, broken or gone for a while."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
import pytest_asyncio
from aiohttp import web

from services.chassis.configuration.settings import ServiceSettings, load, reloadable, watch
from tests.support.ports import free_port


class ShopSettings(ServiceSettings):
    service: ClassVar[str] = "shop"

    deadline_seconds: int = reloadable(20, ge=1)


def environment(version: str, deadline: int) -> dict[str, Any]:
    """What Spring's own config server would answer too."""
    sources = [
        {"name": "file:shop.yml", "source": {"deadline-seconds": deadline}},
        {"name": "file:application.yml", "source": {"deadline-seconds": 999}},
    ]
    return {"name": "shop", "profiles": ["default"], "label": None, "version": version, "propertySources": sources}


class Fake:
    """Answers what a test puts into `answers`, in turn; the last one stays."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.streams: list[list[str]] = []
        self.asked = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if request.headers.get("accept") == "text/event-stream":
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            for line in self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]:
                await response.write(line.encode())
            return response
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest_asyncio.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fake]:
    service, port = Fake(), free_port()
    app = web.Application()
    app.router.add_get("/shop/default", service.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    monkeypatch.setenv("MERCATO_CONFIG_URL", f"http://127.0.0.1:{port}/")
    yield service
    await runner.cleanup()


async def test_the_first_property_source_wins(fake: Fake) -> None:
    fake.answers = [web.json_response(environment("1", 30))]
    assert (await load(ShopSettings)).deadline_seconds == 30


async def test_the_environment_overrules_the_config_service(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.answers = [web.json_response(environment("1", 30))]
    monkeypatch.setenv("MERCATO_DEADLINE_SECONDS", "7")
    assert (await load(ShopSettings)).deadline_seconds == 7


async def test_a_late_config_service_is_waited_for(fake: Fake) -> None:
    fake.answers = [web.Response(status=503), web.Response(text="<html>"), web.json_response(environment("1", 30))]
    assert (await load(ShopSettings)).deadline_seconds == 30
    assert fake.asked == 3


async def test_waiting_ends_in_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCATO_CONFIG_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MERCATO_CONFIG_WAIT", "0.3")
    with pytest.raises(SystemExit, match=r"^shop: the config service gave no settings within 0\.3 s .*CONFIG_WAIT$"):
        await load(ShopSettings)


async def test_a_broken_stream_is_taken_up_again(fake: Fake) -> None:
    fake.answers = [web.json_response(environment("1", 30))]
    settings = await load(ShopSettings)
    fake.streams = [
        ["data: not json\r\n\r\n"],
        [": heartbeat\n\n", f"id: 2\ndata: {web.json_response(environment('2', 40)).text}\n\n"],
    ]
    async with watch(settings), asyncio.timeout(10):
        while settings.deadline_seconds != 40:  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.01)

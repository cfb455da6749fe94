"""A service that refuses lets its answer arrive, whoever still writes, and is not written to for ever."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import ClassVar

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.http.app import application
from services.chassis.http.incoming import DISCARDED
from services.chassis.http.problems import TooManyRequests, Unauthorized
from services.chassis.http.requests import read_body, read_json
from services.chassis.http.responses import json_response
from services.chassis.http.schemas import Body
from tests.support.serving import served
from tests.support.stubborn import MEBIBYTE, PIECE, chunked, connected, head, plain, sent, tunnel


class Settings(ServiceSettings):
    service: ClassVar[str] = "bare"


class Named(Body):
    name: str


async def count(request: Request) -> Response:
    return json_response({"bytes": len(await read_body(request))})


async def named(request: Request) -> Response:
    return json_response({"name": (await read_json(request, Named)).name})


async def refuse(_request: Request) -> Response:
    raise Unauthorized("Who are you?")


async def wait(_request: Request) -> Response:
    raise TooManyRequests("Slower.", headers={"retry-after": "1"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    calls = {"/count": count, "/named": named, "/refuse": refuse, "/wait": wait}
    routes = [Route(path, call, methods=["POST"]) for path, call in calls.items()]
    async with served(application(Settings(), routes=routes)) as url:
        yield int(url.rpartition(":")[2])


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("closing", [{}, {"Connection": "close"}])
async def test_every_refusal_arrives_while_the_body_is_on_its_way(
    port: int, length: bool, closing: dict[str, str]
) -> None:
    async with tunnel(port) as through:
        for method, path, status in (
            ("POST", "/count", 413),
            ("POST", "/named", 415),
            ("POST", "/refuse", 401),
            ("POST", "/wait", 429),
            ("POST", "/nothing", 404),
            ("PUT", "/count", 405),
            ("POST", "/livez", 405),
        ):
            said = await sent(through.port, method, path, 10 * MEBIBYTE, length=length, **closing)
            assert said.status == status, path
            assert said.headers["content-type"] == "application/problem+json"
        assert through.broken == []


async def test_the_connection_is_of_further_use(port: int) -> None:
    async with connected(port) as connection:
        for size, status in ((2 * MEBIBYTE, 413), (MEBIBYTE, 200)):
            await connection.write(head("POST", "/count", Content_Length=size), *plain(size))
            assert (await connection.said()).status == status


async def test_who_goes_on_for_ever_is_cut(port: int) -> None:
    piece, written = next(chunked(PIECE)), 0
    async with connected(port) as connection:
        await connection.write(head("POST", "/refuse", Transfer_Encoding="chunked"))
        with suppress(ConnectionError):
            while written < 4 * DISCARDED:
                await connection.write(piece)
                written += PIECE
    assert DISCARDED <= written < 2 * DISCARDED


async def test_who_stops_in_the_middle_is_answered_when_the_time_is_over(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.http.incoming.DISCARD_SECONDS", 0.2)
    async with connected(port) as connection:
        await connection.write(head("POST", "/refuse", Content_Length=10 * MEBIBYTE), b"a little")
        said = await connection.said()
        assert (said.status, said.headers["connection"]) == (401, "close")
        assert await connection.reader.read() == b""


@pytest.mark.parametrize(
    ("path", "size", "status"), [("/count", MEBIBYTE + 1, 413), ("/refuse", 10, 401), ("/nothing", 10, 404)]
)
async def test_who_waits_for_a_100_is_refused_without_one(port: int, path: str, size: int, status: int) -> None:
    async with connected(port) as connection:
        await connection.write(head("POST", path, Content_Length=size, Expect="100-continue"))
        said = await connection.said()
        assert (said.status, said.headers["connection"]) == (status, "close")


async def test_who_waits_for_a_100_gets_it_when_the_body_is_welcome(port: int) -> None:
    async with connected(port) as connection:
        await connection.write(head("POST", "/count", Content_Length=MEBIBYTE, Expect="100-continue"))
        assert (await connection.head())[0] == 100
        await connection.write(*plain(MEBIBYTE))
        assert (await connection.said()).status == 200

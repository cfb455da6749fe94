"""The edge: every answer carries its trace id once, every error is a problem that tells no internals."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import psycopg
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.http.app import application
from services.chassis.http.problems import InvalidFields, NotFound, Problem, TooManyRequests, Unauthorized
from services.chassis.http.responses import json_response

SECRET = "Key (email)=(ann@shop.test) already exists"  # what a database's error may quote


class Settings(ServiceSettings):
    service: ClassVar[str] = "bare"


class Answer:
    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def json(self) -> Any:
        return json.loads(self.body)


async def call(app: Starlette, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    answer = Answer()

    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked > 1:
            await asyncio.Event().wait()  # the client stays
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(name.decode(), value.decode()) for name, value in message["headers"]]
        else:
            answer.body += message.get("body", b"")

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw, "root_path": ""}
    await app({**scope, "scheme": "http", "server": ("127.0.0.1", 1), "http_version": "1.1"}, receive, send)
    return answer


def raising(error: Exception) -> Starlette:
    async def fail(_request: Request) -> Response:
        raise error

    return application(Settings(), routes=[Route("/", fail)])


@pytest.fixture
def app() -> Starlette:
    async def things(request: Request) -> Response:
        return json_response({"method": request.method})

    async def endless(_request: Request) -> Response:
        async def lines() -> AsyncIterator[bytes]:
            while True:
                yield b"again "
                await asyncio.sleep(0)

        return StreamingResponse(lines())

    async def events(_request: Request) -> Response:
        async def silence() -> AsyncIterator[str]:
            await asyncio.Event().wait()
            yield ""

        return EventSourceResponse(silence())

    async def marked(_request: Request) -> Response:
        return PlainTextResponse("ok", headers={"x-trace-id": "mine"})

    routes = [
        Route("/things", things, methods=["GET"]),
        Route("/things", things, methods=["POST"]),
        Route("/things/{id}", things, methods=["PATCH"]),
        Route("/marked", marked),
        Route("/endless", endless),
        Route("/events", events),
    ]
    return application(Settings(), routes=routes)


@pytest.mark.parametrize(
    "error", [Problem("it broke"), NotFound("no such thing"), Unauthorized("who?"), TooManyRequests("slower")]
)
async def test_a_problem_is_answered_as_rfc_9457_says(error: Problem) -> None:
    answer = await call(raising(error), "/")
    assert answer.header("content-type") == ["application/problem+json"]
    assert answer.status == error.status
    assert answer.json() == {
        "type": f"https://mercato.dev/problems/{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    assert [len(value) for value in answer.header("x-trace-id")] == [32]
    assert dict(answer.headers).items() >= error.headers.items()


async def test_invalid_fields_are_listed() -> None:
    faults: Any = [{"pointer": "/a", "detail": "is odd"}]
    assert (await call(raising(InvalidFields("Look.", errors=faults)), "/")).json()["errors"] == faults


@pytest.mark.parametrize("error", [ValueError(SECRET), psycopg.IntegrityError(SECRET), AssertionError(SECRET)])
async def test_an_unforeseen_error_is_500_without_internals(error: Exception) -> None:
    answer = await call(raising(error), "/")
    assert answer.status == 500
    assert answer.json()["type"].endswith("/internal-error")
    assert SECRET.encode() not in answer.body
    assert type(error).__name__.encode() not in answer.body
    assert len(answer.header("x-trace-id")) == 1


@pytest.mark.parametrize("error", [psycopg.OperationalError(SECRET), psycopg.errors.DeadlockDetected(SECRET)])
async def test_a_database_that_is_away_is_503_with_a_time_to_come_back(error: Exception) -> None:
    answer = await call(raising(error), "/")
    assert (answer.status, answer.header("retry-after")) == (503, ["1"])
    assert SECRET.encode() not in answer.body


async def test_an_unknown_path_is_404_and_a_slash_too_many_too(app: Starlette) -> None:
    for path in ("/nothing", "/things/", "//things", "/things/1/"):
        answer = await call(app, path)
        assert (answer.status, answer.json()["type"]) == (404, "https://mercato.dev/problems/not-found")


async def test_an_unknown_method_is_405_with_all_that_the_path_takes(app: Starlette) -> None:
    for method in ("DELETE", "OPTIONS", "TRACE"):
        answer = await call(app, "/things", method)
        assert (answer.status, answer.header("allow")) == (405, ["GET, HEAD, POST"])
        assert answer.json()["type"] == "https://mercato.dev/problems/method-not-allowed"
    assert (await call(app, "/things/1", "GET")).header("allow") == ["PATCH"]


@pytest.mark.parametrize("path", ["/marked", "/nothing", "/livez", "/readyz"])
async def test_head_says_what_get_says_before_its_body(app: Starlette, path: str) -> None:
    got, headed = await call(app, path), await call(app, path, "HEAD")
    ids = {"x-trace-id"}
    assert headed.status == got.status
    assert [one for one in headed.headers if one[0] not in ids] == [one for one in got.headers if one[0] not in ids]
    assert headed.body == (got.body if got.status == 404 else b""), "of a problem the server leaves the body out"


@pytest.mark.parametrize("path", ["/endless", "/events"])
async def test_head_of_a_stream_ends(app: Starlette, path: str) -> None:
    async with asyncio.timeout(5):
        answer = await call(app, path, "HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_a_health_check_takes_no_other_method(app: Starlette, path: str) -> None:
    answer = await call(app, path, "POST")
    assert (answer.status, answer.header("allow")) == (405, ["GET, HEAD"])


async def test_the_trace_id_is_that_of_the_caller_and_stands_once(app: Starlette) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    for path in ("/things", "/marked", "/nothing"):
        assert (await call(app, path, headers=headers)).header("x-trace-id") == [trace]


@pytest.mark.parametrize("parent", ["", "garbage", "00-0-0-0", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x" * 10_000])
async def test_a_trace_context_that_is_none_is_replaced(
    app: Starlette, spans: InMemorySpanExporter, parent: str
) -> None:
    (trace,) = (await call(app, "/things", headers={"traceparent": parent})).header("x-trace-id")
    assert int(trace, 16) > 0


async def test_an_error_after_the_first_byte_cannot_become_another_answer() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError(SECRET)

    async def stream(_request: Request) -> Response:
        return StreamingResponse(parts())

    app = application(Settings(), routes=[Route("/", stream)])
    with pytest.raises(ValueError, match="already exists"):
        await call(app, "/")


async def test_readiness_tells_the_reasons() -> None:
    async def fine() -> None:
        return None

    async def away() -> str:
        return "does not answer"

    async def broken() -> str:
        raise ZeroDivisionError

    app = application(Settings(), routes=[], checks={"a": fine, "b": away, "c": broken})
    answer = await call(app, "/readyz")
    assert answer.status == 503
    assert answer.json() == {
        "status": "unready",
        "reasons": {"b": "does not answer", "c": "the check failed (ZeroDivisionError)"},
    }
    assert (await call(app, "/livez")).status == 200
    assert (await call(application(Settings(), routes=[], checks={"a": fine}), "/readyz")).status == 200


async def test_an_answer_that_does_not_begin_in_time_is_a_503_that_says_when_to_repeat() -> None:
    async def never(_request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    answer = await call(application(Settings(), routes=[Route("/", never)], within=0.05), "/")
    assert (answer.status, answer.header("retry-after")) == (503, ["1"])
    assert answer.json()["type"] == "https://mercato.dev/problems/unavailable"


async def test_an_answer_that_has_begun_may_go_on_for_as_long_as_it_likes() -> None:
    async def lines() -> AsyncIterator[str]:
        yield "one "
        async with asyncio.timeout(5):
            await limit_passed.wait()
        yield "two"

    async def stream(_request: Request) -> Response:
        return StreamingResponse(lines())

    limit_passed = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, limit_passed.set)
    answer = await call(application(Settings(), routes=[Route("/", stream)], within=0.05), "/")
    assert (answer.status, answer.body) == (200, b"one two")

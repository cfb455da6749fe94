"""Asks an ASGI application without a socket: for tests that ask a thousand times."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; the names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


async def get(app: ASGIApp, target: str) -> Answer:
    """`target` is a path, escaped as on the wire, with its query."""
    return await _ask(app, "GET", target, b"", [(b"host", b"config")])


async def post(app: ASGIApp, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """JSON, with these headers beside its own."""
    own = [(b"host", b"order"), (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return await _ask(app, "POST", target, body, own + [(n.encode(), v.encode()) for n, v in headers.items()])


async def _ask(app: ASGIApp, method: str, target: str, body: bytes, headers: list[tuple[bytes, bytes]]) -> Answer:
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    given = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], given, b"".join(message.get("body", b"") for message in sent[1:]))

"""One kept HTTP/1.1 connection, at a tenth of what a client library costs: what measures must not be what is measured.

Parsed by llhttp (`httptools`); one request at a time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools


@dataclass(frozen=True, slots=True)
class Answer:
    """`location` is empty where there is none."""

    status: int
    location: str
    retry_after: bool
    body: bytes


Outcome = Answer | str
"""An answer, or the name of what went wrong."""
Then = Callable[[Outcome], None]


class Connection(asyncio.Protocol):
    """Tells `released` when it can take the next request, and `lost` when it never will."""

    def __init__(self, released: Callable[["Connection"], None], lost: Callable[["Connection"], None]) -> None:
        self._released = released
        self._lost = lost
        self._then: Then | None = None
        self.give_up_at = 0.0

    @property
    def asking(self) -> bool:
        return self._then is not None

    def ask(self, request: bytes, then: Then, give_up_at: float) -> None:
        self._then, self.give_up_at = then, give_up_at
        self._location, self._retry_after = "", False
        self._body: list[bytes] = []
        self._transport.write(request)

    def give_up(self, why: str) -> None:
        then, self._then = self._then, None
        self._transport.abort()
        if then:
            then(why)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class, but by its methods
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.give_up(type(error).__name__)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes by place
        then, self._then = self._then, None
        self._lost(self)
        if then:
            then("connection lost")

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"location":
            self._location = value.decode("latin-1")
        elif lower == b"retry-after":
            self._retry_after = True

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        then, self._then = self._then, None
        if then is None:
            return
        kept = self._parser.should_keep_alive()
        answer = Answer(self._parser.get_status_code(), self._location, self._retry_after, b"".join(self._body))
        if kept:
            self._released(self)
        else:
            self._transport.close()
        then(answer)

"""One connection of the client: a request out, its answer in."""

import asyncio
from dataclasses import dataclass
from typing import cast

import httptools

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer; a longer one is cut off."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """`alive` holds the connections that are open. The methods with `on_` are the parser's."""

    def __init__(self, alive: "set[Connection]") -> None:
        self.idle_since = 0.0
        self._alive = alive
        self._parser = httptools.HttpResponseParser(self)
        self._reply: asyncio.Future[Reply] | None = None
        self._begin()

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent."""
        return self in self._alive and not self._transport.is_closing()

    async def exchange(self, message: bytes) -> Reply:
        """Raises ConnectionError when the answer does not come whole, or cannot be read."""
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._reply

    def abort(self) -> None:
        self._alive.discard(self)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._alive.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        # A body that ends with its connection cannot be told from one that was cut.
        self._alive.discard(self)
        self._fail(f"the connection ended before the answer ({type(exc).__name__ if exc else 'closed'})")

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail("the answer is not HTTP")
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > LARGEST:
            self._fail("the answer is too long")
            self.abort()
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        reply, lasting = Reply(status, self._headers, b"".join(self._body)), self._parser.should_keep_alive()
        self._begin()
        if status < 200:
            return  # the answer is still to come
        waiting, self._reply = self._reply, None
        if waiting is None or not lasting:
            self.abort()  # nobody asked, or the server is about to close
        if waiting and not waiting.done():
            waiting.set_result(reply)

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def _fail(self, why: str) -> None:
        waiting, self._reply = self._reply, None
        if waiting and not waiting.done():
            waiting.set_exception(ConnectionError(why))

"""Requests in flight at once over kept connections; what finds none waits its turn."""

import asyncio
import sys
from collections import deque
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from cli.bench.connection import Connection, Outcome, Then

CONNECTIONS = 256
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
"""Until a request without an answer has failed, its wait for a connection included."""
SWEEP_SECONDS = 1.0
LOOPBACK = "127.0.0.1"
ADDRESSES = 64
"""Loopback addresses to come from, as that many clients: the gateway limits each address. Linux alone has them."""


def source(host: str, number: int) -> tuple[str, int] | None:
    """The local address of the connection of this number; None leaves it to the kernel."""
    if host != LOOPBACK or sys.platform != "linux":
        return None
    return f"127.0.0.{1 + number % ADDRESSES}", 0


class Wire:
    """Connections to one address, opened as they are needed."""

    def __init__(self, base_url: str, connections: int = CONNECTIONS) -> None:
        address = urlsplit(base_url)
        self._host, self._port = address.hostname or LOOPBACK, address.port or 80
        self.host_header = f"host: {self._host}:{self._port}\r\n"
        self._most = connections
        self._all: set[Connection] = set()
        self._idle: list[Connection] = []
        self._waiting: deque[tuple[bytes, Then, float]] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._opened = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sweeping.cancel()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for connection in tuple(self._all):
            connection.give_up("closed")

    def send(self, request: bytes, then: Then) -> None:
        """`then` is called once, from the event loop."""
        give_up_at = self._loop.time() + ANSWER_SECONDS
        if self._idle:
            self._idle.pop().ask(request, then, give_up_at)
            return
        self._waiting.append((request, then, give_up_at))
        self._grow()

    async def ask(self, request: bytes) -> Outcome:
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self.send(request, lambda outcome: None if future.done() else future.set_result(outcome))
        return await future

    def _grow(self) -> None:
        if len(self._all) + len(self._opening) < self._most:
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        self._opened += 1
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._release, self._lose),
                    self._host,
                    self._port,
                    local_addr=source(self._host, self._opened),
                )
        except (OSError, TimeoutError) as error:
            if self._waiting:
                self._waiting.popleft()[1](type(error).__name__)
            return
        self._all.add(connection)
        self._release(connection)

    def _release(self, connection: Connection) -> None:
        if self._waiting:
            connection.ask(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def _lose(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting:
            self._grow()

    def _sweep(self) -> None:
        now = self._loop.time()
        while self._waiting and self._waiting[0][2] <= now:
            self._waiting.popleft()[1]("timeout")
        for connection in [one for one in self._all if one.asking and one.give_up_at <= now]:
            connection.give_up("timeout")
        self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)

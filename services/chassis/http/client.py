"""A client for calls that are made all the time: HTTP/1.1 to one server, over connections that are kept.

A general client's features cost more than the call itself. This one sends a request and reads its answer: no redirects,
no cookies, no encodings, no proxies. For anything else take aiohttp.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection

from services.chassis.http.exchange import Connection, Reply

CONNECT_SECONDS = 2.0
# Servers close what is idle for long; a request that meets the close would be lost, so we are first.
IDLE_SECONDS = 15.0
_EYEBALLS = 0.25


class NotConnected(ConnectionError):
    """The request was never sent."""


class HttpClient:
    """Calls while entered. The caller limits how many are under way; each has a connection of its own.

    `base` is scheme, host and perhaps a path, e.g. `https://api.provider.example`.
    """

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"no address of a server: {base}")
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._path = parts.path.rstrip("/")
        self._host_line = f"host: {parts.netloc.rpartition('@')[2]}"
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in list(self._open):
            connection.abort()
        await asyncio.sleep(0)  # the sockets close in the loop's next turn

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> Reply:
        """The answer to one request, whole.

        Raises NotConnected when nothing was sent, TimeoutError, and ConnectionError when the answer was cut or could
        not be read: then it may have taken effect.
        """
        message = self._message(method, target, headers, body)
        async with asyncio.timeout(seconds):
            connection = self._kept() or await self._connect()
            try:
                reply = await connection.exchange(message)
            except BaseException:
                connection.abort()
                raise
        if connection.reusable:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        return reply

    def _message(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        lines = [f"{method} {self._path}{target} HTTP/1.1", self._host_line]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines.append(f"content-length: {len(body)}")
        head = "\r\n".join(lines)
        if head.count("\n") + 1 != len(lines) or head.count("\r") + 1 != len(lines) or " " in target:
            raise ValueError("a line of the request holds what would end it")
        return f"{head}\r\n\r\n".encode() + (body or b"")

    def _kept(self) -> Connection | None:
        """The one used last, since it is the least likely to be closed; those at rest for long are given up."""
        oldest = time.monotonic() - IDLE_SECONDS
        while self._idle and (self._idle[0].idle_since < oldest or not self._idle[0].reusable):
            self._idle.popleft().abort()
        while self._idle:
            if (connection := self._idle.pop()).reusable:
                return connection
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = await loop.getaddrinfo(self._host, self._port, type=1)
                plain = await start_connection(addresses, happy_eyeballs_delay=_EYEBALLS, interleave=1)
                name = self._host if self._tls else None
                _, connection = await loop.create_connection(
                    lambda: Connection(self._open), sock=plain, ssl=self._tls, server_hostname=name
                )
        except (OSError, TimeoutError) as error:
            raise NotConnected(type(error).__name__) from error
        return connection

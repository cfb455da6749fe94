"""Requests as fast as they are answered, over kept connections: how many a second there are, and what each costs."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from cli.bench.wire import LOOPBACK, source

CONNECTIONS = 32


class Asker(asyncio.Protocol):
    """Asks again as soon as it is answered. A client library would cost more than what is measured."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.statuses: Counter[bytes] = Counter()
        self._requests = requests
        self._asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class, but by its methods
        self._ask()

    def data_received(self, data: bytes) -> None:
        head = data.find(b"HTTP/1.1 ")  # a piece without one is the rest of a body, and begins no answer
        if head >= 0:
            self.statuses[data[head + 9 : head + 12]] += 1
            self._ask()

    def close(self) -> None:
        self._transport.close()

    def _ask(self) -> None:
        self._transport.write(self._requests[self._asked % len(self._requests)])
        self._asked += 1


async def ask(url: str, requests: Sequence[Sequence[bytes]], seconds: float) -> tuple[Counter[str], float]:
    """Answers by status, and how long it really took; each connection has its own requests, which it asks in turn."""
    address = urlsplit(url)
    host, port = address.hostname or LOOPBACK, address.port or 80
    loop = asyncio.get_running_loop()
    askers: list[Asker] = []
    started = time.monotonic()
    try:
        for number, own in enumerate(requests):
            _, asker = await loop.create_connection(
                lambda own=own: Asker(own),
                host,
                port,
                local_addr=source(host, number),
            )
            askers.append(asker)
        await asyncio.sleep(seconds)
        took = time.monotonic() - started
    finally:
        for asker in askers:
            asker.close()
    total: Counter[str] = Counter()
    for asker in askers:
        total.update({status.decode("latin-1"): count for status, count in asker.statuses.items()})
    return total, took


def get(url: str, path: str, token: str | None = None) -> bytes:
    """A GET as bytes."""
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\n{authorization}\r\n".encode()

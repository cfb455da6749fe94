"""A request's body seen from outside the application: read to its end before an answer goes out.

A server that closes with bytes unread resets the connection, and the reset may take the answer with it (RFC 9112, 9.6).
So an answer to a body that is still on its way waits, for a bounded time and amount.
"""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

DISCARDED = 128 * 1024 * 1024
"""Bytes, as at the gateway."""
DISCARD_SECONDS = 30.0


class Incoming:
    """Stands between the server's `receive` and the application."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._ended = True
        self._held_back = False
        for name, value in scope["headers"]:  # raw: every request comes by here
            if (name == b"content-length" and value != b"0") or name == b"transfer-encoding":
                self._ended = False
            elif name == b"expect":
                # The first `receive` tells such a client to send its body.
                self._held_back = value.lower() == b"100-continue"

    async def __call__(self) -> Message:
        """The server's next message."""
        self._held_back = False
        message = await self._receive()
        self._ended = self._ended or not message.get("more_body", False)
        return message

    async def drained(self) -> bool:
        """Throws the rest away; False when there is more than that, and the connection must close."""
        if self._ended or self._held_back:
            return self._ended
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                return await self._discard()
        except TimeoutError:
            return False

    async def _discard(self) -> bool:
        read = 0
        while not self._ended:
            message = await self()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            read += len(message.get("body", b""))
            if read > DISCARDED:
                return False
        return True

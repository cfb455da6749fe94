"""Responses that are none."""

import asyncio
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Silence(Response):
    """No answer: ends when the client gives up, at the latest after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._client_gone(receive), self._seconds)

    @staticmethod
    async def _client_gone(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


class BrokenOff(Response):
    """An answer that ends before its body: the server closes the connection, since the promised bytes do not come."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})

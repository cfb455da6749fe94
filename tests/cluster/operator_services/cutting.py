"""A client whose controller dies at a chosen write."""

import asyncio
from typing import Any

import aiohttp

from services.chassis.kube.client import Kubernetes


class CutOff(Kubernetes):
    """Writes `left` times; the next write goes nowhere, or (`done`) is done and its answer never comes."""

    def __init__(self, left: int, *, done: bool) -> None:
        super().__init__("mercato-operator")
        self._left, self._done = left, done
        self.fatal = False
        """Whether it came to the write at which it dies."""
        self.reached = asyncio.Event()
        """It is dead."""

    async def _send(self, method: str, path: str, limits: aiohttp.ClientTimeout, **more: Any) -> aiohttp.ClientResponse:
        if method == "GET" or path.endswith("/events"):
            return await super()._send(method, path, limits, **more)
        if self._left > 0:
            self._left -= 1
            return await super()._send(method, path, limits, **more)
        first, self.fatal = not self.fatal, True
        if self._done and first:
            response = await super()._send(method, path, limits, **more)
            response.release()
        self.reached.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError("a future that nobody fulfils does not end")

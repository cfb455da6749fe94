"""uvicorn's server without its clock."""

import asyncio
from collections.abc import Callable
from types import FrameType

import uvicorn


class Server(uvicorn.Server):
    """Sleeps until it is told to stop, where uvicorn looks ten times a second whether it was.

    Nothing else that uvicorn looks for then is in use: a Date header, a limit of requests, a callback.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._wake: Callable[[], object] | None = None

    async def main_loop(self) -> None:
        """Until a signal; also one that came before."""
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(told.set)
        if not await self.on_tick(0):
            await told.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """At any point of the main thread."""
        super().handle_exit(sig, frame)
        if self._wake:
            self._wake()

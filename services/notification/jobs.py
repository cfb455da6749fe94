"""Mails that this process alone may send for a time, on their way from whoever leased them to the senders."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from services.notification.outcomes import Pending


@dataclass(frozen=True, slots=True)
class Job:
    """A leased mail; later than `start_by`, on the monotonic clock, its lease might end before it is sent."""

    mail: Pending
    start_by: float


class Jobs:
    """Filled from any thread, emptied on the event loop. `room` is for whoever is about to lease more.

    Two threads may find the same room: at the worst it holds one batch of each beyond `most`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._unfinished = 0
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        self._finished = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """On the event loop that empties it."""
        self._loop = asyncio.get_running_loop()

    def room(self) -> int:
        """How many more it is to hold."""
        return max(0, self._most - self._unfinished) if self._loop else 0

    def add(self, jobs: Sequence[Job]) -> None:
        if not self._loop:
            return
        with self._lock:
            self._unfinished += len(jobs)
        with contextlib.suppress(RuntimeError):  # the loop has ended: their leases will, too
            self._loop.call_soon_threadsafe(self._put, jobs)

    def _put(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._queue.put_nowait(job)

    def end(self, senders: int) -> None:
        """Lets so many `next` return None, behind what is there."""
        for _ in range(senders):
            self._queue.put_nowait(None)

    async def next(self) -> Job | None:
        """To be followed by `done`, unless it is None."""
        return await self._queue.get()

    def done(self) -> None:
        with self._lock:
            self._unfinished -= 1
        self._finished.set()

    async def down_to(self, count: int) -> None:
        """Returns once no more than `count` are unfinished."""
        while self._unfinished > count:
            self._finished.clear()
            await self._finished.wait()

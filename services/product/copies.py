"""Ready answers of the public catalogue, at most a second old: what most people read costs the database one look."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.chassis.http.responses import is_known

OLDEST_SECONDS = 1.0
"""What an order takes from the stock shows no later than this; a write of this process shows at once."""
MOST_ENTRIES = 2_000
MOST_BYTES = 16 * 1024 * 1024
"""Of bodies; an entry's headers and key take less than 2 KiB more."""
_HEADERS = {"cache-control": "public, no-cache"}


class Copy:
    """One answer: whole, and for who has it already. Both are sent any number of times."""

    def __init__(self, body: bytes, etag: str) -> None:
        headers = {"etag": etag, **_HEADERS}
        self.size = len(body)
        self.etag = etag
        self._whole = Response(body, headers=headers, media_type="application/json")
        self._known = Response(status_code=304, headers=headers)

    def answer(self, request: Request) -> Response:
        return self._known if is_known(request, self.etag) else self._whole


Fill = Callable[[], Awaitable[Copy]]


@dataclass(frozen=True, slots=True)
class _Held:
    copy: Copy
    asked_at: float


class Copies:
    """Copies by key. A copy's age counts from when it was asked for, so that it is never older than `seconds`."""

    def __init__(
        self,
        *,
        seconds: float = OLDEST_SECONDS,
        entries: int = MOST_ENTRIES,
        size: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._entries = entries
        self._most_bytes = size
        self._clock = clock
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()
        self._filling: dict[Hashable, asyncio.Task[Copy]] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self._held)

    async def get(self, key: Hashable, fill: Fill) -> Copy:
        """The copy under `key`; `fill` makes it, once for all who wait. Raises what `fill` raises, and keeps none."""
        held = self._held.get(key)
        if held is not None and self._clock() - held.asked_at < self._seconds:
            return held.copy
        task = self._filling.get(key)
        if task is None:
            task = self._filling[key] = asyncio.create_task(self._fill(key, fill), name="catalogue-copy")
            task.add_done_callback(_seen)
        # Who hangs up leaves the others what they wait for.
        return await asyncio.shield(task)

    def forget(self) -> None:
        """Drops all. What is being read now began before the write, and is kept for no one who asks after it."""
        self._held.clear()
        self._filling.clear()
        self.size = 0

    async def _fill(self, key: Hashable, fill: Fill) -> Copy:
        asked_at = self._clock()
        task = asyncio.current_task()
        try:
            copy = await fill()
        finally:
            current = self._filling.get(key) is task
            if current:
                del self._filling[key]
        if current and copy.size <= self._most_bytes:
            self._hold(key, _Held(copy, asked_at))
        return copy

    def _hold(self, key: Hashable, held: _Held) -> None:
        if key in self._held:
            self._drop(key)
        self._held[key] = held
        self.size += held.copy.size
        while len(self._held) > self._entries or self.size > self._most_bytes:
            self._drop(next(iter(self._held)))

    def _drop(self, key: Hashable) -> None:
        self.size -= self._held.pop(key).copy.size


def _seen(task: asyncio.Task[Copy]) -> None:
    """Takes note of an error that nobody waits for any more; whoever does is told of it."""
    if not task.cancelled():
        task.exception()

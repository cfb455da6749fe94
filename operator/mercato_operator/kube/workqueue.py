"""A queue of keys for workers: each key waits at most once, and is with at most one worker at a time.

A key that is added while a worker has it comes back when the worker is done, so that no change is missed and nothing
is done twice at once. It is bounded by the number of objects there are. The idea is that of Kubernetes' own
controllers (k8s.io/client-go/util/workqueue).
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from services.chassis.retry import Attempts, Backoff

K = TypeVar("K", bound=Hashable)

BACKOFF: Final = Backoff(first=0.5, limit=60.0)


class WorkQueue(Generic[K]):
    """For one event loop."""

    def __init__(self) -> None:
        self._waiting: deque[K] = deque()
        self._queued: set[K] = set()
        self._with_worker: set[K] = set()
        self._again: set[K] = set()
        self._attempts: dict[K, Attempts] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._filled = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Keys that a worker could take now."""
        return len(self._waiting)

    def add(self, key: K) -> None:
        """Now, or as soon as the worker that has it is done."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        if key in self._with_worker:
            self._again.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._waiting.append(key)
            self._wake()

    def add_after(self, key: K, seconds: float) -> None:
        """Once so many seconds have gone by, unless it is added before; the earlier of two times holds."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if (known := self._timers.get(key)) is not None:
            if known.when() <= due:
                return
            known.cancel()
        self._timers[key] = loop.call_at(due, self.add, key)

    async def take(self) -> K:
        """The key that waits longest. Whoever takes it calls `done`, `failed` too where it did not go well."""
        async with self._filled:
            await self._filled.wait_for(lambda: self._waiting)
            key = self._waiting.popleft()
        self._queued.discard(key)
        self._with_worker.add(key)
        return key

    def done(self, key: K) -> None:
        """The worker has let go of it."""
        self._with_worker.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def failed(self, key: K) -> float:
        """It comes back after a pause that doubles with each failure in a row; answers the pause in seconds."""
        pause = self._attempts.setdefault(key, Attempts(BACKOFF)).failed()
        self.add_after(key, pause)
        return pause

    def succeeded(self, key: K) -> None:
        """Its next failure is the first again."""
        self._attempts.pop(key, None)

    def close(self) -> None:
        """No key comes back by itself any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _wake(self) -> None:
        async def notify() -> None:
            async with self._filled:
                self._filled.notify()

        task = asyncio.get_running_loop().create_task(notify())
        self._wakers.add(task)
        task.add_done_callback(self._wakers.discard)

"""Brings Kafka to what all OrderTopics and services ask for together: one pass over the whole world, again and again.

A pass begins with a fresh list and assumes nothing of the pass before, so that whatever was missed, changed behind our
back, or cut off by a crash is put right by the next one.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from mercato_operator import metrics
from mercato_operator.kafka.backend import BackendUnavailable
from mercato_operator.kafka.logs_reader import LogsReader
from mercato_operator.kafka.progress import NOTHING_KNOWN
from mercato_operator.kube.controller import Watched
from mercato_operator.topics.round import ORDER_TOPICS, TopicsPass
from mercato_operator.topics.uses import Uses
from services.chassis.kube.client import KubernetesError, Object, Resource
from services.chassis.retry import Attempts, Backoff, spread
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 0.2
"""Changes come in groups: so long is waited for the rest of one."""
RESYNC_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 30.0
"""Between two looks at how far consumer groups have come."""
PASS_SECONDS: Final = 120.0
"""A pass that takes longer is given up and begun anew."""
BACKOFF: Final = Backoff(first=0.5, limit=15.0)
KIND: Final = "OrderTopic"


class TopicsController:
    """`watched` are the kinds whose changes wake it, by `event`; for other kinds than OrderTopic any change counts."""

    def __init__(
        self,
        work: TopicsPass,
        uses: Uses,
        reader: LogsReader | None = None,
        watched: Sequence[Watched] = (Watched(ORDER_TOPICS),),
        resync: float = RESYNC_SECONDS,
    ) -> None:
        self._work, self._reader, self._resync = work, reader, resync
        self.watched = watched
        self._woken = asyncio.Event()
        self._seen: dict[tuple[str, str, str], object] = {}
        self._waiting: set[tuple[str, str, str]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = time.monotonic()
        uses.on_wanted(self._woken.set)

    async def start(self) -> None:
        self._ended = time.monotonic()
        self._woken.set()
        self._tasks = [essential(self._run(), "topics-controller")]
        if self._reader is not None:
            self._tasks.append(essential(self._looking(self._reader), "topics-progress"))

    async def stop(self) -> None:
        await stop(*self._tasks)

    def event(self, resource: Resource, type_: str, body: Object) -> None:
        """Wakes it, unless nothing but the status of an OrderTopic has changed, which is its own doing."""
        metadata = body["metadata"]
        key = (str(resource), metadata.get("namespace", ""), metadata["name"])
        if type_ == "DELETED":
            self._seen.pop(key, None)
            self._waiting.discard(key)
        else:
            seen = _essence(body) if resource == ORDER_TOPICS else metadata.get("resourceVersion")
            if self._seen.get(key) == seen:
                return
            self._seen[key] = seen
            if resource == ORDER_TOPICS:
                self._waiting.add(key)
        metrics.QUEUE.labels(KIND).set(len(self._waiting))
        self._woken.set()

    def healthy(self) -> str | None:
        """Why not: only a loop that hangs, since what is away is waited for."""
        silent = time.monotonic() - self._ended
        if silent > PASS_SECONDS + self._resync + BACKOFF.limit + 15:
            return f"no pass over the OrderTopics has ended for {silent:.0f} s"
        return None

    async def _run(self) -> None:
        attempts, pause = Attempts(BACKOFF), self._resync
        while True:
            await self._wait(pause)
            begun, taken = time.monotonic(), frozenset(self._waiting)
            try:
                async with asyncio.timeout(PASS_SECONDS):
                    again = await self._work.run()
            except (KubernetesError, BackendUnavailable, TimeoutError) as error:
                pause = attempts.failed()
                metrics.RECONCILES.labels(KIND, "failed").inc()
                log.warning("a pass over the OrderTopics failed and is repeated: %s", error or type(error).__name__)
            else:
                if not again:
                    attempts.succeeded()
                pause = attempts.failed() if again else self._resync
                self._waiting -= taken
                metrics.QUEUE.labels(KIND).set(len(self._waiting))
            self._ended = time.monotonic()
            metrics.RECONCILE_SECONDS.labels(KIND).observe(self._ended - begun)

    async def _wait(self, seconds: float) -> None:
        """For a change, or the time of the next pass."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
        else:
            await asyncio.sleep(SETTLE_SECONDS)
        self._woken.clear()

    async def _looking(self, reader: LogsReader) -> None:
        """Keeps lag and dead letters current; only a change of them leads to another status."""
        while True:
            await asyncio.sleep(spread(LOOK_SECONDS) if self._work.reads else 1.0)
            logs = await reader.look(self._work.reads)
            if logs != NOTHING_KNOWN:
                self._work.logs = logs
                self._woken.set()


def _essence(body: Object) -> object:
    """What of an OrderTopic others decide."""
    metadata: Mapping[str, object] = body["metadata"]
    return tuple(str(metadata.get(key)) for key in ("uid", "generation", "deletionTimestamp", "finalizers"))

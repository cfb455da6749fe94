"""Kubernetes Events: what a person should know of an object, where `kubectl describe` shows it."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, Self

from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

EVENTS: Final = Resource("v1", "events")
Type = Literal["Normal", "Warning"]
_WAITING: Final = 1000


@dataclass(frozen=True, slots=True)
class News:
    """`about` is the object's `apiVersion`, `kind` and `metadata`; `reason` is one word in CamelCase."""

    about: Mapping[str, Any]
    type: Type
    reason: str
    message: str


class Recorder:
    """Writes Events in the background while entered; those that cannot be written are logged and dropped.

    `component` is who tells, e.g. `mercato-config`. The same words about the same object are written once in
    `once_in` seconds, or without it once for each version of the object, by however many they are told.
    """

    def __init__(self, client: Kubernetes, component: str, *, once_in: int | None = None) -> None:
        self._client, self._component, self._once_in = client, component, once_in
        self._waiting: asyncio.Queue[Object] = asyncio.Queue(_WAITING)
        self._present: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = essential(self._run(), "kubernetes-events")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)

    def tell(self, news: News) -> None:
        """Never waits."""
        self._put(self._event(news))

    def tell_of_all(self, news: Iterable[News]) -> None:
        """All that is to be told of now: what was among the last ones is not told again."""
        events = {content["metadata"]["name"]: content for content in map(self._event, news)}
        for name in sorted(events.keys() - self._present):
            self._put(events[name])
        self._present = frozenset(events)

    def _event(self, news: News) -> Object:
        return event(news, self._component, datetime.now(UTC), self._once_in)

    def _put(self, content: Object) -> None:
        if self._waiting.full():
            about = content["involvedObject"]
            log.warning("too much is to be told: no Event is written for %s %s", about["kind"], about["name"])
            return
        self._waiting.put_nowait(content)

    async def _run(self) -> None:
        while True:
            content = await self._waiting.get()
            try:
                await self._client.create(EVENTS, content["metadata"]["namespace"], content)
            except KubernetesError as error:
                if not error.conflict:  # another replica, or an earlier life of this one, has told it
                    about = content["involvedObject"]
                    log.warning("no Event could be written for %s %s: %s", about["kind"], about["name"], error)


def event(news: News, component: str, now: datetime, once_in: int | None = None) -> Object:
    """The Event; its name follows from what makes it another one, so that a repeat is refused."""
    metadata = news.about["metadata"]
    version = int(now.timestamp()) // once_in if once_in else metadata["resourceVersion"]
    told = f"{metadata['uid']} {version} {news.reason} {news.message}".encode()
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    involved = {key: metadata[key] for key in ("namespace", "name", "uid", "resourceVersion") if key in metadata}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name'][:200].rstrip('.-')}.{hashlib.sha256(told).hexdigest()[:16]}",
            "namespace": metadata["namespace"],
        },
        "involvedObject": {"apiVersion": news.about["apiVersion"], "kind": news.about["kind"], **involved},
        "type": news.type,
        "reason": news.reason,
        "message": news.message[:1024],
        "source": {"component": component},
        "reportingComponent": component,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }

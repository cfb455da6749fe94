"""Kubernetes Events: what a person should know of an object, where `kubectl describe` shows it."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from mercato_operator.kube.ownership import MANAGER
from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

EVENTS: Final = Resource("v1", "events")
Type = Literal["Normal", "Warning"]
_WAITING: Final = 1000
_ONCE_IN_SECONDS: Final = 600
"""The same words about the same object are told once in that time."""


@dataclass(frozen=True, slots=True)
class News:
    """`about` is the object's `apiVersion`, `kind` and `metadata`; `reason` is one word in CamelCase."""

    about: Mapping[str, Any]
    type: Type
    reason: str
    message: str


class Recorder:
    """Writes Events in the background; those that cannot be written are logged and dropped."""

    def __init__(self, client: Kubernetes) -> None:
        self._client = client
        self._waiting: asyncio.Queue[News] = asyncio.Queue(_WAITING)
        self._task: asyncio.Task[None] | None = None

    def tell(self, news: News) -> None:
        """Never waits."""
        if self._waiting.full():
            log.warning("too much happens at once: no Event %s is written", news.reason)
            return
        self._waiting.put_nowait(news)

    async def start(self) -> None:
        self._task = essential(self._run(), "kubernetes-events")

    async def stop(self) -> None:
        if self._task is not None:
            await stop(self._task)

    async def _run(self) -> None:
        while True:
            news = await self._waiting.get()
            content = event(news, datetime.now(UTC))
            try:
                await self._client.create(EVENTS, content["metadata"]["namespace"], content)
            except KubernetesError as error:
                if not error.conflict:
                    log.warning("no Event could be written about %s: %s", news.about["metadata"]["name"], error)


def event(news: News, now: datetime) -> Object:
    """The Event; its name follows from what it tells and when, so that a repeat is refused."""
    metadata = news.about["metadata"]
    period = int(now.timestamp()) // _ONCE_IN_SECONDS
    told = f"{metadata['uid']} {period} {news.reason} {news.message}".encode()
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
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }

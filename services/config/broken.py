"""Tells the author of a broken ConfigMap where he looks: by a Kubernetes Event on it."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from services.chassis.kubernetes import Kubernetes, KubernetesError, Object, Resource
from services.chassis.tasks import essential, stop

log = logging.getLogger(__name__)

EVENTS: Final = Resource("v1", "events")
REASON: Final = "BrokenDocument"
_COMPONENT: Final = "mercato-config"
_WAITING: Final = 100
_TAKEN: Final = 409


@dataclass(frozen=True, slots=True)
class Broken:
    """One version of a ConfigMap that cannot be read, and why."""

    namespace: str
    name: str
    uid: str
    version: str
    reason: str

    @property
    def fault(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}: {self.reason}"


class Reporter:
    """Writes one Event for each version of a broken ConfigMap, however often and by however many it is reported."""

    def __init__(self, client: Kubernetes) -> None:
        self._client = client
        self._waiting: asyncio.Queue[Broken] = asyncio.Queue(_WAITING)
        self._told: frozenset[Broken] = frozenset()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = essential(self._run(), "config-events")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)

    def report(self, broken: Iterable[Broken]) -> None:
        """All that are broken now."""
        now = frozenset(broken)
        for one in sorted(now - self._told, key=lambda one: one.fault):
            if self._waiting.full():
                log.warning("too many broken ConfigMaps at once: no Event is written for %s", one.name)
                continue
            self._waiting.put_nowait(one)
        self._told = now

    async def _run(self) -> None:
        while True:
            broken = await self._waiting.get()
            try:
                await self._client.create(EVENTS, broken.namespace, event(broken, datetime.now(UTC)))
            except KubernetesError as error:
                if error.status != _TAKEN:  # another replica, or an earlier life of this one, has told it
                    log.warning("no Event could be written for ConfigMap %s: %s", broken.name, error)


def event(broken: Broken, now: datetime) -> Object:
    """The Event; its name follows from what it tells, so that it is there once."""
    told = f"{broken.uid} {broken.version} {broken.reason}".encode()
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{broken.name[:200].rstrip('.-')}.{hashlib.sha256(told).hexdigest()[:16]}",
            "namespace": broken.namespace,
        },
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "namespace": broken.namespace,
            "name": broken.name,
            "uid": broken.uid,
            "resourceVersion": broken.version,
        },
        "type": "Warning",
        "reason": REASON,
        "message": f"{broken.reason}. What it last said stays in force."[:1024],
        "source": {"component": _COMPONENT},
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }

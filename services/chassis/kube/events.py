"""Tells the author of a ConfigMap what is wrong with it where he looks: by a Kubernetes Event on it."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

EVENTS: Final = Resource("v1", "events")
_WAITING: Final = 100


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one version of a ConfigMap; `reason` is one word in CamelCase, `message` sentences."""

    namespace: str
    name: str
    uid: str
    version: str
    reason: str
    message: str


class Complaints:
    """Writes one Event for each complaint, however often and by however many it is made.

    `component` is who complains, e.g. `mercato-config`. Enter it to start.
    """

    def __init__(self, client: Kubernetes, component: str) -> None:
        self._client, self._component = client, component
        self._waiting: asyncio.Queue[Complaint] = asyncio.Queue(_WAITING)
        self._made: frozenset[Complaint] = frozenset()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = essential(self._run(), "kubernetes-events")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)

    def make(self, complaints: Iterable[Complaint]) -> None:
        """All that there are now."""
        now = frozenset(complaints)
        for one in sorted(now - self._made, key=lambda one: (one.namespace, one.name, one.message)):
            if self._waiting.full():
                log.warning("too much is wrong at once: no Event is written for ConfigMap %s", one.name)
                continue
            self._waiting.put_nowait(one)
        self._made = now

    async def _run(self) -> None:
        while True:
            complaint = await self._waiting.get()
            content = event(complaint, self._component, datetime.now(UTC))
            try:
                await self._client.create(EVENTS, complaint.namespace, content)
            except KubernetesError as error:
                if not error.conflict:  # another replica, or an earlier life of this one, has told it
                    log.warning("no Event could be written for ConfigMap %s: %s", complaint.name, error)


def event(complaint: Complaint, component: str, now: datetime) -> Object:
    """The Event; its name follows from what it tells, so that it is there once."""
    told = f"{complaint.uid} {complaint.version} {complaint.message}".encode()
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{complaint.name[:200].rstrip('.-')}.{hashlib.sha256(told).hexdigest()[:16]}",
            "namespace": complaint.namespace,
        },
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "namespace": complaint.namespace,
            "name": complaint.name,
            "uid": complaint.uid,
            "resourceVersion": complaint.version,
        },
        "type": "Warning",
        "reason": complaint.reason,
        "message": complaint.message[:1024],
        "source": {"component": component},
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }

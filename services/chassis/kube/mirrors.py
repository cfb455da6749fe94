"""Several mirrors of one API server, and what is made of them."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from services.chassis.kube.client import Kubernetes, Resource
from services.chassis.kube.reflector import Reflector
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 0.05
"""Changes come in groups (a rollout, a `kubectl apply` of a folder): so long is waited for the rest of one."""


class Mirrors:
    """Follows each added kind of objects while entered; `rebuild` is called after changes, once for a group of them."""

    def __init__(self, user_agent: str, rebuild: Callable[[], None]) -> None:
        self.client = Kubernetes(user_agent)
        self._rebuild = rebuild
        self._mirrors: list[Reflector] = []
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def add(
        self, resource: Resource, namespace: str | None = None, selectors: Mapping[str, str] | None = None
    ) -> Reflector:
        """A mirror of these objects; of all namespaces, or of cluster-wide objects, where none is given."""
        mirror = Reflector(self.client, resource, namespace, self._changed.set, selectors)
        self._mirrors.append(mirror)
        return mirror

    @property
    def faults(self) -> tuple[str, ...]:
        """Why what is mirrored may be out of date; none while all is followed."""
        return tuple(mirror.fault for mirror in self._mirrors if mirror.fault is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """The faults of kinds that the API server does not know: their definitions are not installed."""
        return tuple(mirror.fault for mirror in self._mirrors if mirror.missing and mirror.fault is not None)

    @property
    def synced(self) -> bool:
        """Whether all was listed once, kinds that the API server does not know left aside."""
        return all(mirror.synced or mirror.missing for mirror in self._mirrors)

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        self._tasks = [essential(mirror.run(), "kubernetes-mirror") for mirror in self._mirrors]
        self._tasks.append(essential(self._rebuilding(), "kubernetes-rebuild"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await stop(*self._tasks)
        await self.client.__aexit__(kind, error, trace)

    async def _rebuilding(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._changed.clear()
            self._rebuild()

"""Backend: the labelled ConfigMaps of one or more namespaces, watched."""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final

from services.chassis.kubernetes import Object, Resource
from services.chassis.kubernetes_events import Complaint, Complaints
from services.chassis.latest import Latest
from services.chassis.mirrors import Mirrors
from services.chassis.reflector import Key
from services.config.backend import PropertySource, Snapshot
from services.config.manifests import LABEL, BrokenDocumentError, Sources, sources_of
from services.config.metrics import BROKEN_DOCUMENTS

log = logging.getLogger(__name__)

CONFIGMAPS = Resource("v1", "configmaps")
SELECTOR = {"labelSelector": f"{LABEL}=true"}
_COMPONENT: Final = "mercato-config"


class ConfigMapBackend:
    """Follows the ConfigMaps and keeps what it last understood of each; the first namespace that has a key wins.

    While the API server is away, what it last said stays in force.
    """

    def __init__(self, namespaces: Sequence[str]) -> None:
        self._mirrors = Mirrors(_COMPONENT, self._rebuild)
        self._by_namespace = {name: self._mirrors.add(CONFIGMAPS, name, SELECTOR) for name in namespaces}
        self._complaints = Complaints(self._mirrors.client, _COMPONENT)
        self._understood: Mapping[Key, Sources] = {}
        self._latest = Latest[Snapshot]()

    async def __aenter__(self) -> None:
        await self._mirrors.__aenter__()
        await self._complaints.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._complaints.__aexit__(kind, error, trace)
        await self._mirrors.__aexit__(kind, error, trace)

    def snapshot(self) -> Snapshot | None:
        return self._latest.value

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        return self._latest.changes()

    def behind(self) -> str | None:
        return "; ".join(self._mirrors.faults) or None

    def _rebuild(self) -> None:
        if not self._mirrors.synced:
            return  # half of the documents would make services start with the wrong settings
        found = [obj for mirror in self._by_namespace.values() for _, obj in sorted(mirror.objects.items())]
        reading = read(found, self._understood, own=next(iter(self._by_namespace)))
        self._understood = reading.understood
        before = self._latest.value
        BROKEN_DOCUMENTS.set(len(reading.broken))
        if self._latest.put(reading.snapshot):
            for broken in reading.broken:
                if before is None or broken.fault not in before.faults:
                    log.error("%s; what it last said stays in force", broken.fault)
        self._complaints.make(broken.complaint for broken in reading.broken)


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

    @property
    def complaint(self) -> Complaint:
        message = f"{self.reason}. What it last said stays in force."
        return Complaint(self.namespace, self.name, self.uid, self.version, "BrokenDocument", message)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ConfigMaps say together, what each says or last said, and which are broken."""

    snapshot: Snapshot
    understood: Mapping[Key, Sources]
    broken: tuple[Broken, ...]


def read(configmaps: Sequence[Object], before: Mapping[Key, Sources], own: str) -> Reading:
    """Pure. A broken ConfigMap stays as it was `before`; names tell the namespace where it is not the `own` one."""
    understood: dict[Key, Sources] = {}
    broken: list[Broken] = []
    joined: dict[str, tuple[PropertySource, ...]] = {}
    for configmap in configmaps:
        metadata = configmap["metadata"]
        key = (metadata["namespace"], metadata["name"])
        try:
            understood[key] = _told(sources_of(configmap), "" if key[0] == own else f"{key[0]}/")
        except BrokenDocumentError as error:
            broken.append(Broken(key[0], key[1], metadata["uid"], metadata["resourceVersion"], str(error)))
            if key in before:
                understood[key] = before[key]
        for name, sources in understood.get(key, {}).items():
            joined[name] = joined.get(name, ()) + tuple(sources)
    return Reading(Snapshot(joined, tuple(one.fault for one in broken)), understood, tuple(broken))


def _told(sources: Sources, prefix: str) -> Sources:
    if not prefix:
        return sources
    return {
        name: [replace(source, name=source.name.replace(":", f":{prefix}", 1)) for source in found]
        for name, found in sources.items()
    }

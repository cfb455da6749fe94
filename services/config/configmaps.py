"""Backend: the labelled ConfigMaps of one or more namespaces, watched."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from services.chassis.kube.client import Object, Resource
from services.chassis.kube.events import News, Recorder
from services.chassis.kube.mirrors import Mirrors
from services.chassis.kube.reflector import Key
from services.chassis.runtime.latest import Latest
from services.chassis.runtime.tasks import essential, stop
from services.config.backend import Snapshot
from services.config.manifests import LABEL, ConfigMap, joined, understand
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
        self._changed = asyncio.Event()
        self._mirrors = Mirrors(_COMPONENT, self._changed.set)
        self._by_namespace = {name: self._mirrors.add(CONFIGMAPS, name, SELECTOR) for name in namespaces}
        self._recorder = Recorder(self._mirrors.client, _COMPONENT)
        self._understood: Mapping[Key, Understood] = {}
        self._latest = Latest[Snapshot]()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        await self._mirrors.__aenter__()
        await self._recorder.__aenter__()
        self._task = essential(self._reading(), "config-documents")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)
        await self._recorder.__aexit__(kind, error, trace)
        await self._mirrors.__aexit__(kind, error, trace)

    def snapshot(self) -> Snapshot | None:
        return self._latest.value

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        return self._latest.changes()

    def behind(self) -> str | None:
        return "; ".join(self._mirrors.faults) or None

    async def _reading(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._mirrors.synced:  # half of the documents would make services start with the wrong settings
                found = [obj for mirror in self._by_namespace.values() for _, obj in sorted(mirror.objects.items())]
                own = next(iter(self._by_namespace))
                self._take(await asyncio.to_thread(read, found, self._understood, own))

    def _take(self, reading: "Reading") -> None:
        self._understood = reading.understood
        before = self._latest.value
        BROKEN_DOCUMENTS.set(len(reading.broken))
        if self._latest.put(reading.snapshot):
            for broken in reading.broken:
                if before is None or broken.fault not in before.faults:
                    log.error("%s; what it last said stays in force", broken.fault)
        self._recorder.tell_of_all(broken.news for broken in reading.broken)


@dataclass(frozen=True, slots=True)
class Broken:
    """A document of one version of a ConfigMap that cannot be read, and why."""

    namespace: str
    name: str
    uid: str
    version: str
    reason: str

    @property
    def fault(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}: {self.reason}"

    @property
    def news(self) -> News:
        metadata = {"namespace": self.namespace, "name": self.name, "uid": self.uid, "resourceVersion": self.version}
        about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        return News(about, "Warning", "BrokenDocument", f"{self.reason}. What it last said stays in force.")


@dataclass(frozen=True, slots=True)
class Understood:
    """A ConfigMap as it was read, and what it was understood to say."""

    manifest: Object
    says: ConfigMap


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ConfigMaps say together, what each says or last said, and what is broken."""

    snapshot: Snapshot
    understood: Mapping[Key, Understood]
    broken: tuple[Broken, ...]


def read(configmaps: Sequence[Object], before: Mapping[Key, Understood], own: str) -> Reading:
    """Pure. A broken document stays as it was `before`; names tell the namespace where it is not the `own` one."""
    understood: dict[Key, Understood] = {}
    broken: list[Broken] = []
    for configmap in configmaps:
        metadata = configmap["metadata"]
        key = (metadata["namespace"], metadata["name"])
        says = _understand(configmap, before.get(key), "" if key[0] == own else f"{key[0]}/")
        understood[key] = Understood(configmap, says)
        broken += [Broken(*key, metadata["uid"], metadata["resourceVersion"], fault) for fault in says.faults]
    sources = joined(each.says for each in understood.values())
    return Reading(Snapshot(sources, tuple(one.fault for one in broken)), understood, tuple(broken))


def _understand(configmap: Object, before: Understood | None, prefix: str) -> ConfigMap:
    if before is not None and all(configmap.get(part) == before.manifest.get(part) for part in ("data", "binaryData")):
        return before.says
    return understand(configmap, before.says if before else None, prefix)

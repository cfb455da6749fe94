"""The ConfigMap with the files of gateway-config, watched through the API: a change is there at once.

Mounted as a volume it comes when kubelet next looks, which may take a minute and more.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from services.chassis.kubernetes import Resource
from services.chassis.kubernetes_events import Complaint, Complaints
from services.chassis.mirrors import Mirrors
from services.gateway.documents import Refused, is_document, parse
from services.gateway.sources import OnDocuments

CONFIGMAPS: Final = Resource("v1", "configmaps")
_COMPONENT: Final = "mercato-gateway"


class RoutesConfigMap:
    """While it is missing or the API server is away, the last routes stay; what is refused is told by Events on it."""

    def __init__(self, namespace: str, name: str) -> None:
        self._key = (namespace, name)
        self._mirrors = Mirrors(_COMPONENT, self._rebuild)
        # By name, so that the right to this one object is enough.
        self._mirror = self._mirrors.add(CONFIGMAPS, namespace, {"fieldSelector": f"metadata.name={name}"})
        self._complaints = Complaints(self._mirrors.client, _COMPONENT)
        self._told: dict[str, Any] | None = None
        """Metadata of the version whose documents were told last."""
        self._missing = False
        self._on_documents: OnDocuments | None = None

    async def run(self, on_documents: OnDocuments) -> NoReturn:
        self._on_documents = on_documents
        async with self._mirrors, self._complaints:
            await asyncio.get_running_loop().create_future()
        raise AssertionError("nothing ends it but cancellation")

    def written(self, refused: Sequence[Refused], /) -> None:
        if self._told is not None:
            version = (*self._key, self._told["uid"], self._told["resourceVersion"])
            sentences = (f"{one.document}: {one.reason}. The rest is in force." for one in refused)
            self._complaints.make(Complaint(*version, "RefusedDocument", sentence) for sentence in sentences)

    def behind(self) -> str | None:
        missing = f"there is no ConfigMap {self._key[1]} in {self._key[0]}, the last routes stay: create it"
        return "; ".join((*self._mirrors.faults, *([missing] if self._missing else []))) or None

    def _rebuild(self) -> None:
        if not self._mirrors.synced or self._on_documents is None:
            return
        found = self._mirror.objects.get(self._key)
        self._missing = found is None
        if found is not None:
            self._told = found["metadata"]
            data = sorted((found.get("data") or {}).items())
            self._on_documents(parse((name, text) for name, text in data if is_document(name)))

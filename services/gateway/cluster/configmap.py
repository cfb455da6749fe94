"""The ConfigMap with the files of gateway-config, watched through the API: a change is there at once.

Mounted as a volume it comes when kubelet next looks, which may take a minute and more.
"""

import asyncio
from dataclasses import replace
from typing import NoReturn

from services.chassis.kubernetes import Resource
from services.chassis.mirrors import Mirrors
from services.gateway.documents import Documents, Refused, is_document, parse
from services.gateway.sources import OnDocuments

CONFIGMAPS = Resource("v1", "configmaps")


class RoutesConfigMap:
    """While it is missing or the API server is away, the last routes stay."""

    def __init__(self, namespace: str, name: str) -> None:
        self._key = (namespace, name)
        self._mirrors = Mirrors("mercato-gateway", self._rebuild)
        # By name, so that the right to this one object is enough.
        self._mirror = self._mirrors.add(CONFIGMAPS, namespace, {"fieldSelector": f"metadata.name={name}"})
        self._documents = Documents()
        self._on_documents: OnDocuments | None = None

    async def run(self, on_documents: OnDocuments) -> NoReturn:
        self._on_documents = on_documents
        async with self._mirrors:
            await asyncio.get_running_loop().create_future()
        raise AssertionError("nothing ends it but cancellation")

    def written(self) -> None:
        """Files have no status to write."""

    def behind(self) -> str | None:
        return "; ".join(self._mirrors.faults) or None

    def _rebuild(self) -> None:
        if not self._mirrors.synced or self._on_documents is None:
            return
        found = self._mirror.objects.get(self._key)
        if found is None:
            refused = Refused(f"ConfigMap/{self._key[1]}", "does not exist, the last routes stay: create it")
            self._documents = replace(self._documents, refused=(refused,))
        else:
            data = sorted((found.get("data") or {}).items())
            self._documents = parse((name, text) for name, text in data if is_document(name))
        self._on_documents(self._documents)

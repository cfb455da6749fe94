"""Reads all that is watched, at first and again and again: an object that lost its label leaves no event."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Final

from mercato_operator.commerce.kinds import RESOURCES, SERVICES
from mercato_operator.controller import Watched
from mercato_operator.controllers.store import Object, Store
from services.chassis.kubernetes import Kubernetes, KubernetesError, Resource

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_KINDS: Final = {resource: kind for kind, resource in RESOURCES.items()} | {SERVICES: "CommerceService"}


class Census:
    """`changed` is called for each object that differs from what the store knew, or is not there any more."""

    def __init__(
        self,
        client: Kubernetes,
        store: Store,
        watched: Sequence[Watched],
        namespaces: Sequence[str],
        changed: Callable[[Resource, Object], None],
    ) -> None:
        self._client, self._store, self._changed = client, store, changed
        self._wanted: dict[tuple[Resource, str], list[str]] = {}
        for each in watched:
            selector = ",".join(f"{label}={value}" for label, value in sorted(each.labels.items()))
            for namespace in each.namespaces or namespaces:
                self._wanted.setdefault((each.resource, namespace), []).append(selector)

    async def read_patiently(self) -> None:
        """All of it; an API server that is away is waited for."""
        pause = _FIRST_PAUSE
        while not await self._read():
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads attempts
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def repeat(self, seconds: float) -> None:
        """Every so often, for ever."""
        while True:
            await asyncio.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the load
            await self._read()

    async def _read(self) -> bool:
        """Whether all could be read."""
        try:
            for (resource, namespace), selectors in self._wanted.items():
                await self._count(resource, namespace, selectors)
        except KubernetesError as error:
            log.warning("CommerceServices wait for the API server: %s", error)
            return False
        return True

    async def _count(self, resource: Resource, namespace: str, selectors: Sequence[str]) -> None:
        there: set[str] = set()
        oldest: int | None = None
        for selector in selectors:
            items, version = await self._client.list(
                resource, namespace, {"labelSelector": selector} if selector else None
            )
            oldest = min(int(version), oldest or int(version))
            for each in items:  # in a list they do not say what they are
                content = {"apiVersion": resource.api_version, "kind": _KINDS[resource], **each}
                there.add(each["metadata"]["name"])
                if self._store.put(resource.plural, content):
                    self._changed(resource, content)
        for known in list(self._store.older(resource.plural, namespace, oldest or 0)):
            if known["metadata"]["name"] not in there and self._store.remove(resource.plural, known):
                self._changed(resource, known)

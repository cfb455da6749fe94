"""A mirror of objects in the API server: listed once, then watched, for ever."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Final, NoReturn

from services.chassis.kube.client import WATCH_SECONDS, Kubernetes, KubernetesError, Object, Resource
from services.chassis.retry import Attempts, Backoff

log = logging.getLogger(__name__)

BACKOFF: Final = Backoff(first=0.25, limit=4.0)
Key = tuple[str, str]
"""(namespace, name); the namespace of cluster-wide objects is empty."""


class Reflector:
    """Holds the newest state it could get; while the API server is away, that is the last one.

    `objects` is replaced, never changed, so that whoever took it keeps one moment. `fault` says why it may be out of
    date, None while it is not. `on_change` is called after each change of either.
    """

    def __init__(
        self,
        client: Kubernetes,
        resource: Resource,
        namespace: str | None,
        on_change: Callable[[], None],
        selectors: Mapping[str, str] | None = None,
    ) -> None:
        self._client = client
        self._resource = resource
        self._namespace = namespace
        self._selectors = selectors
        self._on_change = on_change
        self._version: str | None = None
        self.objects: Mapping[Key, Object] = {}
        self.synced = False
        """Whether the first list came: before, no object means nothing."""
        self.fault: str | None = "the API server has not answered yet"
        self.missing = False
        """Whether the API server does not know this kind of objects at all (a definition is not installed)."""

    async def run(self) -> NoReturn:
        """Follows the objects; errors are waited out."""
        attempts = Attempts(BACKOFF)
        while True:
            try:
                if self._version is None:
                    await self._relist()
                    attempts.succeeded()
                if await self._follow():
                    attempts.succeeded()
                    continue
            except KubernetesError as error:
                self._failed(error)
            await asyncio.sleep(attempts.failed())

    async def _relist(self) -> None:
        items, self._version = await self._client.list(self._resource, self._namespace, self._selectors)
        self.objects = {_key(item): _slim(item) for item in items}
        self.synced, self.missing = True, False
        self._recovered(changed=True)

    async def _follow(self) -> bool:
        """One watch; whether it lived long enough, or said enough, to start the next one at once."""
        assert self._version is not None  # noqa: S101 - there was a list
        started, heard = asyncio.get_running_loop().time(), False
        # Spread, so that the watches of many replicas do not end together.
        seconds = random.randint(WATCH_SECONDS * 3 // 4, WATCH_SECONDS)  # noqa: S311
        events = self._client.watch(self._resource, self._namespace, self._version, self._selectors, seconds)
        async with aclosing(events):
            async for event in events:
                self._version = event.object["metadata"]["resourceVersion"]
                if event.type == "BOOKMARK":
                    self._recovered(changed=False)
                    continue
                heard = True
                objects = dict(self.objects)
                if event.type == "DELETED":
                    objects.pop(_key(event.object), None)
                else:
                    objects[_key(event.object)] = _slim(event.object)
                self.objects = objects
                self._recovered(changed=True)
        return heard or asyncio.get_running_loop().time() - started > 1.0

    def _recovered(self, *, changed: bool) -> None:
        if self.fault is not None and self.synced:
            log.info("%s are followed", self._where())
            self.fault, changed = None, True
        if changed:
            self._on_change()

    def _failed(self, error: KubernetesError) -> None:
        watched = self._version is not None
        if error.status:  # an answer, not a lost connection: what the server remembers may not be what we remember
            self._version = None
        if error.expired and watched:
            log.info("%s are listed again: %s", self._where(), error)
            return
        self.missing = error.not_found
        reason = "the API server does not know them, install their definition" if self.missing else str(error)
        fault = f"{self._where()} cannot be watched: {reason}"
        if fault != self.fault:
            log.warning("%s; the last state stays", fault)
            self.fault = fault
            self._on_change()

    def _where(self) -> str:
        return f"{self._resource} of {self._namespace or 'all namespaces'}"


def _key(item: Object) -> Key:
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _slim(item: Object) -> Object:
    """Without the book-keeping of server-side apply, which is often larger than the object."""
    item["metadata"].pop("managedFields", None)
    return item

"""Events from the API server on their way to the controllers, and a relist that finds what no event has told.

kopf watches and resumes; but an object that went while a watch was away leaves no event, and a watch that died silently
tells nothing at all. So each kind is listed before anything begins and then again and again, and what differs from what
was heard is told as an event.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final

from mercato_operator import metrics
from mercato_operator.kube.controller import Controller
from mercato_operator.kube.elsewhere import is_away
from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource
from services.chassis.retry import Backoff, spread
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)

RELIST_SECONDS: Final = 60.0
ON_THEIR_WAY_SECONDS: Final = 5.0
"""Events may be that late."""
DEAD_AFTER: Final = 3
"""So many times in a row a watch may miss something."""
HUNG_AFTER_SECONDS: Final = 600.0
_BACKOFF: Final = Backoff(first=0.5, limit=10.0)
_REMEMBERED: Final = ("namespace", "name", "uid", "resourceVersion", "labels")
Key = tuple[Resource, str, str]


class Informer:
    """`heard` is called for each event of a watch; each controller is told of what it watches."""

    def __init__(self, client: Kubernetes, controllers: Sequence[Controller], namespaces: Sequence[str]) -> None:
        self._client, self._controllers, self._namespaces = client, controllers, namespaces
        self._known: dict[Key, Object] = {}
        """Of what some controller watches, and no more than tells one state from another."""
        self._missed: dict[Resource, int] = {}
        self._ended = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def resources(self) -> Mapping[Resource, str]:
        """What is to be watched, with a label selector: empty where different ones are wanted."""
        wanted: dict[Resource, set[str]] = {}
        for controller in self._controllers:
            for each in controller.watched:
                selector = ",".join(f"{key}={value}" for key, value in sorted(each.labels.items()))
                wanted.setdefault(each.resource, set()).add(selector)
        return {resource: next(iter(found)) if len(found) == 1 else "" for resource, found in wanted.items()}

    async def read(self) -> None:
        """Tells all that is there, whole: who knows half of it takes the other half away. Waits for the API server."""
        for pause in _BACKOFF:
            try:
                found = {resource: await self._list(resource) for resource in self.resources}
                break
            except KubernetesError as error:
                log.warning("waiting for the API server: %s", error)
            await asyncio.sleep(pause)
        for resource, there in found.items():
            for body in there.values():
                self.heard(resource, None, body)

    async def start(self) -> None:
        """Lists everything anew, again and again."""
        self._ended = time.monotonic()
        self._tasks = [essential(self._run(), "relist")]

    async def stop(self) -> None:
        await stop(*self._tasks)

    def heard(self, resource: Resource, type_: str | None, body: Object) -> None:
        """An event; without a type the object was there when the watch began."""
        key = _key(resource, body)
        known, gone = self._known.pop(key, None), type_ == "DELETED"
        type_ = "MODIFIED" if known else "ADDED"
        for controller in self._controllers:
            if not gone and _watches(controller, resource, body):
                self._known[key] = {"metadata": {name: body["metadata"].get(name) for name in _REMEMBERED}}
                controller.event(resource, type_, body)
            elif _watches(controller, resource, known or body):  # gone, or it lost the label by which it is watched
                controller.event(resource, "DELETED", known or body)

    def healthy(self) -> str | None:
        """Why what is heard cannot be trusted."""
        dead = sorted(str(resource) for resource, times in self._missed.items() if times >= DEAD_AFTER)
        if dead:
            return f"the watches of {', '.join(dead)} tell nothing any more"
        silent = time.monotonic() - self._ended
        if self._tasks and silent > HUNG_AFTER_SECONDS:
            return f"no relist has ended for {silent:.0f} s"
        return None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(spread(RELIST_SECONDS))
            for resource in self.resources:
                try:
                    await self._count(resource)
                except KubernetesError as error:
                    log.warning("%s cannot be listed for the moment: %s", resource, error)
            self._ended = time.monotonic()

    async def _list(self, resource: Resource) -> dict[Key, Object]:
        selector = self.resources[resource]
        found: dict[Key, Object] = {}
        for namespace in self._namespaces:
            try:
                items, _ = await self._client.list(resource, namespace, {"labelSelector": selector} if selector else {})
            except KubernetesError as error:
                if not is_away(error, namespace, home=self._namespaces[0]):
                    raise
                # What is known of it stands until it can be seen again.
                found |= {key: body for key, body in self._known.items() if key[:2] == (resource, namespace)}
                continue
            found |= {
                _key(resource, item): item
                for item in items
                if any(_watches(controller, resource, item) for controller in self._controllers)
            }
        return found

    async def _count(self, resource: Resource) -> None:
        before = {key: _version(body) for key, body in self._known.items() if key[0] == resource}
        there = await self._list(resource)
        differing = [key for key in there.keys() | before.keys() if _version(there.get(key)) != before.get(key)]
        if differing:
            await asyncio.sleep(ON_THEIR_WAY_SECONDS)
        # What has moved on meanwhile was heard; the rest was not.
        missed = [key for key in differing if _version(self._known.get(key)) == before.get(key)]
        for key in missed:
            metrics.EVENTS_MISSED.labels(str(resource)).inc()
            gone = key not in there
            self.heard(resource, "DELETED" if gone else "MODIFIED", self._known[key] if gone else there[key])
        self._missed[resource] = self._missed.get(resource, 0) + 1 if missed else 0


def _watches(controller: Controller, resource: Resource, body: Object) -> bool:
    return any(each.resource == resource and each.takes(body) for each in controller.watched)


def _key(resource: Resource, body: Object) -> Key:
    return resource, body["metadata"].get("namespace", ""), body["metadata"]["name"]


def _version(body: Object | None) -> str | None:
    return body["metadata"]["resourceVersion"] if body else None

"""Puts the objects of a CommerceService in place, puts drift back, and removes what is no longer wanted."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from mercato_operator.kube.ownership import MANAGER
from mercato_operator.metrics import DRIFT
from mercato_operator.services.kinds import RESOURCES, contains, stamp, stamped
from mercato_operator.services.model import KIND, CommerceService
from mercato_operator.services.names import Object, all_of, may_take, owned_by
from mercato_operator.services.store import Store
from services.chassis.kube.client import Kubernetes, KubernetesError, Resource

log = logging.getLogger(__name__)

_HANDOVER: Final = "mercato-operator-handover"


class Taken(Exception):
    """An object of that name is somebody else's; the text is a sentence that says what to do."""


class Leaving(Exception):
    """An object of an earlier service of the name is still there; the API server removes it in a moment."""


class Children:
    """`watched`: the kinds whose objects are in the store as far as they have our label; `more`: others it may make."""

    def __init__(
        self, client: Kubernetes, store: Store, watched: Iterable[Resource], more: Iterable[Resource] = ()
    ) -> None:
        self._client, self._store = client, store
        self._watched = {each.plural for each in watched}
        # Of kinds that the installation does not use there is nothing to remove, and no right to look.
        self._used = self._watched | {each.plural for each in more}
        self._settled: dict[tuple[str, str, str], str] = {}
        """Versions after which nothing was left to apply, whatever the server made of it."""

    async def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """The object as it is. One without our label is in no store, so the API server is asked."""
        known = self._store.get(resource.plural, namespace, name)
        if known is not None and resource.plural in self._watched:
            return known
        try:
            return await self._client.get(resource, namespace, name)
        except KubernetesError as error:
            if error.not_found:
                return None
            raise

    async def refuse_others(self, service: CommerceService, wanted: Iterable[tuple[str, str]]) -> None:
        """Raises Taken or Leaving when one of the (kind, name) is not the service's: nothing of others is touched."""
        for kind, name in wanted:
            found = await self.find(RESOURCES[kind], service.namespace, name)
            if found is None or may_take(found, service):
                continue
            if _of_an_earlier(found, service):
                raise Leaving(f"The {kind} {name} of an earlier service of the name is still being removed.")
            raise Taken(
                f"There is a {kind} {name} in {service.namespace} that belongs to something else: give the service "
                f"another name, or remove it."
            )

    async def apply(self, content: Object) -> Object:
        """The object as it is once it contains all that is wanted."""
        resource, metadata = RESOURCES[content["kind"]], content["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        key = (resource.plural, namespace, name)
        wanted = stamped(content)
        live = await self.find(resource, namespace, name)
        drifted = False
        if live is not None:
            if stamp(live) == stamp(wanted):
                if live["metadata"]["resourceVersion"] == self._settled.get(key) or contains(live, wanted):
                    return live
                drifted = True
            wanted = {**wanted, "metadata": {**wanted["metadata"], "uid": live["metadata"]["uid"]}}
            await self._hand_over_replicas(live, wanted)
        elif self._settled.get(key) is not None:
            drifted = True
        applied = await self._client.apply(resource, namespace, name, wanted, MANAGER)
        version = applied["metadata"]["resourceVersion"]
        if drifted and (live is None or live["metadata"]["resourceVersion"] != version):
            DRIFT.labels(content["kind"]).inc()
            log.warning("%s %s/%s was changed by someone, and is put back", content["kind"], namespace, name)
        self._settled[key] = version
        self._store.put(resource.plural, applied)
        return applied

    async def prune(self, service: CommerceService, wanted: Iterable[tuple[str, str]]) -> None:
        """Removes the service's objects that are not among the (kind, name)."""
        kept = set(wanted)
        for kind, resource in RESOURCES.items():
            for found in await self._of(resource, service) if resource.plural in self._used else ():
                name = found["metadata"]["name"]
                if (kind, name) not in kept:
                    await self.remove(resource, found)

    async def remove(self, resource: Resource, found: Object) -> None:
        """It goes; one that has gone already is fine."""
        metadata = found["metadata"]
        self._settled.pop((resource.plural, metadata["namespace"], metadata["name"]), None)
        try:
            await self._client.delete(resource, metadata["namespace"], metadata["name"], metadata["uid"])
        except KubernetesError as error:
            if not error.conflict:
                raise

    def forget(self, namespace: str, service: str) -> None:
        """The service is gone, and the API server removes what it owned."""
        for resource in RESOURCES.values():
            for name in all_of(service):
                self._settled.pop((resource.plural, namespace, name), None)

    async def known(self, kind: str, namespace: str) -> bool:
        """Whether the API server has objects of the kind: a definition may not be installed."""
        try:
            await self._client.list(RESOURCES[kind], namespace, {"limit": "1"})
        except KubernetesError as error:
            if not error.not_found:
                raise
            return False
        return True

    async def _of(self, resource: Resource, service: CommerceService) -> Sequence[Object]:
        if resource.plural in self._watched:
            return [each for each in self._store.all(resource.plural) if owned_by(each, service.uid)]
        found = await self.find(resource, service.namespace, service.name)
        return [found] if found is not None and owned_by(found, service.uid) else []

    async def _hand_over_replicas(self, live: Object, wanted: Object) -> None:
        """A field that is given up falls to its default, one pod, unless another manager holds it.

        https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
        """
        if wanted["kind"] != "Deployment" or "replicas" in wanted["spec"] or stamp(live) == stamp(wanted):
            return
        metadata = {key: live["metadata"][key] for key in ("name", "namespace", "uid")}
        about = {"apiVersion": wanted["apiVersion"], "kind": "Deployment", "metadata": metadata}
        # From none no autoscaler adds one.
        content = {**about, "spec": {"replicas": live["spec"].get("replicas") or 1}}
        try:
            force = not live["spec"].get("replicas")
            await self._client.apply(
                RESOURCES["Deployment"], metadata["namespace"], metadata["name"], content, _HANDOVER, force=force
            )
        except KubernetesError as error:
            if not error.conflict:  # the autoscaler holds it already
                raise


def _of_an_earlier(found: Object, service: CommerceService) -> bool:
    """Whether it belonged to a CommerceService of the same name that is gone: the API server removes it in a moment."""
    owners = found["metadata"].get("ownerReferences") or ()
    return any(each.get("kind") == KIND and each.get("name") == service.name for each in owners)

"""OrderTopics and ConfigMaps as the API server keeps them, for unit tests: generations, finalizers, conflicts.

What it takes for granted of the real one is tested on it in tests/cluster/operator.
"""

import copy
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from services.chassis.kube.client import KubernetesError, Object, Resource

Key = tuple[str, str, str]


class FakeApi:
    """`step` is called before and after each change, and may raise: a crash."""

    def __init__(self, step: Callable[[], None] = lambda: None) -> None:
        self.step = step
        self.objects: dict[Key, Object] = {}
        self.writes = 0
        self.closed: set[str] = set()
        """Namespaces in which nothing may be listed."""
        self._versions = itertools.count(1)

    # -- what people do -----------------------------------------------------------------------------------------------
    def put(
        self, resource: Resource, namespace: str, name: str, spec: Object, created: str = "2026-01-01T00:00:00Z"
    ) -> None:
        """As `kubectl apply` does."""
        found = self.objects.get((resource.plural, namespace, name))
        if found is None:
            metadata = {
                "name": name,
                "namespace": namespace,
                "uid": f"uid-{next(self._versions)}",
                "creationTimestamp": created,
                "generation": 1,
            }
            kind = {"apiVersion": resource.api_version, "kind": "OrderTopic"}
            self._store(resource, {**kind, "metadata": metadata, "spec": copy.deepcopy(spec)})
        elif found["spec"] != spec:
            metadata = {**found["metadata"], "generation": found["metadata"]["generation"] + 1}
            self._store(resource, {**found, "metadata": metadata, "spec": copy.deepcopy(spec)})

    def end(self, resource: Resource, namespace: str, name: str) -> None:
        """As `kubectl delete` does."""
        found = self.objects[resource.plural, namespace, name]
        metadata = {**found["metadata"], "deletionTimestamp": "2026-01-01T00:00:01Z"}
        self._store(resource, {**found, "metadata": metadata})

    # -- what the operator does: services.chassis.kube.client.Kubernetes -----------------------------------------------
    async def list(
        self, resource: Resource, namespace: str | None = None, selectors: Mapping[str, str] | None = None
    ) -> tuple[list[Object], str]:
        if namespace in self.closed:
            raise KubernetesError("forbidden", 403)
        items = [
            {key: value for key, value in copy.deepcopy(body).items() if key not in {"apiVersion", "kind"}}
            for (plural, where, _), body in sorted(self.objects.items())
            if plural == resource.plural and namespace in {None, where}
        ]
        return items, "1"

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        return copy.deepcopy(self._found(resource, namespace, name))

    async def merge(self, resource: Resource, namespace: str | None, name: str, patch: Object) -> Object:
        found = self._found(resource, namespace, name)
        metadata = dict(patch["metadata"])
        if metadata.pop("resourceVersion", None) not in {None, found["metadata"]["resourceVersion"]}:
            raise KubernetesError("the object has been modified", 409)
        return self._change(resource, {**found, "metadata": {**found["metadata"], **metadata}})

    async def apply_status(
        self, resource: Resource, namespace: str | None, name: str, content: Object, manager: str
    ) -> Object:
        found = self._found(resource, namespace, name)
        if content["metadata"].get("uid", found["metadata"]["uid"]) != found["metadata"]["uid"]:
            raise KubernetesError("uid mismatch", 409)
        return self._change(resource, {**found, "status": copy.deepcopy(content["status"])})

    async def create(self, resource: Resource, namespace: str, content: Object) -> Object:
        if (resource.plural, namespace, content["metadata"]["name"]) in self.objects:
            raise KubernetesError("it exists already", 409)
        return self._change(resource, copy.deepcopy(content))

    async def replace(self, resource: Resource, namespace: str | None, name: str, content: Object) -> Object:
        found = self._found(resource, namespace, name)
        if content["metadata"].get("resourceVersion") != found["metadata"]["resourceVersion"]:
            raise KubernetesError("the object has been modified", 409)
        return self._change(resource, copy.deepcopy(content))

    def _change(self, resource: Resource, body: Object) -> Object:
        self.step()
        self.writes += 1
        self._store(resource, body)
        self.step()
        return copy.deepcopy(body)

    def _found(self, resource: Resource, namespace: str | None, name: str) -> Object:
        found = self.objects.get((resource.plural, namespace or "", name))
        if found is None:
            raise KubernetesError(f"{resource} {name} not found", 404)
        return found

    def _store(self, resource: Resource, body: Object) -> None:
        metadata: dict[str, Any] = body["metadata"]
        key = resource.plural, metadata["namespace"], metadata["name"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            self.objects.pop(key, None)
            return
        metadata["resourceVersion"] = str(next(self._versions))
        self.objects[key] = body

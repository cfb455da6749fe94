"""Which users of Kafka are the operator's own: written down before they are made, so that a crash leaves no orphan."""

from collections.abc import Collection
from typing import Final, Protocol

from mercato_operator.ownership import MANAGED_BY, MANAGER
from services.chassis.kubernetes import Kubernetes, KubernetesError, Object, Resource

CONFIGMAPS: Final = Resource("v1", "configmaps")
NAME: Final = "mercato-operator-kafka-users"


class Record(Protocol):
    """The names of users; a name is there before the user is, and until after the user is gone."""

    async def read(self) -> frozenset[str]:
        """Raises KubernetesError."""

    async def write(self, users: Collection[str]) -> None:
        """From now on it is these. Raises KubernetesError."""


class ConfigMapRecord:
    """A ConfigMap in the operator's namespace: each user is a key of its data."""

    def __init__(self, client: Kubernetes, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    async def read(self) -> frozenset[str]:
        try:
            found = await self._client.get(CONFIGMAPS, self._namespace, NAME)
        except KubernetesError as error:
            if error.status == 404:
                return frozenset()
            raise
        return frozenset(found.get("data") or {})

    async def write(self, users: Collection[str]) -> None:
        content: Object = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": NAME, "namespace": self._namespace, "labels": MANAGED_BY},
            "data": dict.fromkeys(sorted(users), "made by the operator"),
        }
        await self._client.apply(CONFIGMAPS, self._namespace, NAME, content, MANAGER)

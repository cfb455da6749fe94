"""Which users of Kafka are the operator's own: written down before they are made, so that a crash leaves no orphan."""

from dataclasses import dataclass
from typing import Final, Protocol

from mercato_operator.kube.ownership import MANAGED_BY, MANAGER
from services.chassis.kube.client import Kubernetes, KubernetesError, Object, Resource

CONFIGMAPS: Final = Resource("v1", "configmaps")
NAME: Final = "mercato-operator-kafka-users"


_MADE: Final = "made by the operator"
_IDLE: Final = "made by the operator, wanted no more: it has no rights, and a password that nobody knows"


@dataclass(frozen=True, slots=True)
class Users:
    """Their names. A name is in `made` before the user is, and in `idle` once nobody can sign in as it any more."""

    made: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()

    @property
    def ours(self) -> frozenset[str]:
        return self.made | self.idle

    def making(self, names: frozenset[str]) -> "Users":
        return Users(self.made | names, self.idle - names)

    def retired(self, names: frozenset[str]) -> "Users":
        return Users(self.made - names, self.idle | names)


class Record(Protocol):
    """What outlives the process."""

    async def read(self) -> Users:
        """Raises KubernetesError."""

    async def write(self, users: Users) -> None:
        """From now on it is these. Raises KubernetesError."""


class ConfigMapRecord:
    """A ConfigMap in the operator's namespace: each user is a key of its data."""

    def __init__(self, client: Kubernetes, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    async def read(self) -> Users:
        try:
            found = await self._client.get(CONFIGMAPS, self._namespace, NAME)
        except KubernetesError as error:
            if error.not_found:
                return Users()
            raise
        data: dict[str, str] = found.get("data") or {}
        idle = frozenset(name for name, told in data.items() if told == _IDLE)
        return Users(frozenset(data) - idle, idle)

    async def write(self, users: Users) -> None:
        content: Object = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": NAME, "namespace": self._namespace, "labels": MANAGED_BY},
            "data": {name: _IDLE if name in users.idle else _MADE for name in sorted(users.ours)},
        }
        await self._client.apply(CONFIGMAPS, self._namespace, NAME, content, MANAGER)

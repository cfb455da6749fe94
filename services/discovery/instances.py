"""What discovery knows: the ready instances of each service."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, order=True)
class Instance:
    """One ready instance; `instance_id` is unique in the installation."""

    service: str
    instance_id: str
    host: str
    port: int
    namespace: str
    secure: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict, compare=False)

    def body(self) -> dict[str, Any]:
        """As Spring Cloud Kubernetes' discovery server writes it."""
        scheme = "https" if self.secure else "http"
        return {
            "instanceId": self.instance_id,
            "serviceId": self.service,
            "host": self.host,
            "port": self.port,
            "uri": f"{scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}",
            "secure": self.secure,
            "scheme": scheme,
            "metadata": dict(self.metadata),
            "namespace": self.namespace,
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All ready instances at one moment, ordered by service and id."""

    instances: tuple[Instance, ...] = ()

    @classmethod
    def of(cls, instances: Iterable[Instance]) -> "Snapshot":
        return cls(tuple(sorted(instances)))

    def by_service(self) -> dict[str, list[Instance]]:
        services: dict[str, list[Instance]] = {}
        for instance in self.instances:
            services.setdefault(instance.service, []).append(instance)
        return services

    def apps(self) -> list[dict[str, Any]]:
        """The body of `/apps`."""
        return [
            {"name": name, "serviceInstances": [instance.body() for instance in instances]}
            for name, instances in self.by_service().items()
        ]

    def tells_as(self, other: "Snapshot") -> bool:
        """Whether both tell the same, metadata included, which does not tell instances apart."""
        return self.apps() == other.apps()


class Backend(AbstractAsyncContextManager[None], Protocol):
    """Holds the newest snapshot while it is entered."""

    def snapshot(self) -> Snapshot | None:
        """The newest state; None until the first was read."""

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        """The state as soon as there is one, then the newest after each change; a slow reader skips those between."""

    async def check(self) -> str | None:
        """Why nothing can be told yet; None once there is a snapshot."""

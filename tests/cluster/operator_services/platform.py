"""What surrounds the controller in a test: services that are put in place, and what else acts in a cluster."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from mercato_operator.services.controller import ServicesController
from mercato_operator.settings import OperatorSettings
from mercato_operator.topics.uses import UserState, Uses

from services.chassis.kube.client import Kubernetes
from services.chassis.kube.events import Recorder
from tests.support.administrator import Administrator, Object
from tests.support.operator_feed import fed
from tests.support.serving import until

KINDS = {
    "apps/v1": ("Deployment",),
    "v1": ("ServiceAccount", "Secret", "ConfigMap", "Service"),
    "networking.k8s.io/v1": ("NetworkPolicy",),
    "policy/v1": ("PodDisruptionBudget",),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
}
PLURALS = {"NetworkPolicy": "networkpolicies"}
WHOLE: Object = {
    "image": "registry.example/loyalty:1.0",
    "replicas": 2,
    "route": {"pathPrefix": "/api/v1/loyalty"},
    "config": {"points_per_unit": 1},
    "database": {"enabled": True},
    "consumes": ["order.events"],
}
PARTS = {
    ("ServiceAccount", "loyalty"),
    ("Secret", "loyalty-database"),
    ("Secret", "loyalty-kafka"),
    ("ConfigMap", "loyalty"),
    ("ConfigMap", "loyalty-route"),
    ("Service", "loyalty"),
    ("NetworkPolicy", "loyalty"),
    ("PodDisruptionBudget", "loyalty"),
    ("Deployment", "loyalty"),
}
"""What it becomes, when it is named `loyalty`."""


class Topics:
    """The other controller: each user can do what it asks for, unless it is told otherwise."""

    def __init__(self) -> None:
        self.uses = Uses()
        self.unknown: set[str] = set()
        self.uses.on_wanted(self.look)

    def look(self) -> None:
        states = {}
        for user, use in self.uses.all().items():
            missing = sorted((use.consumes | use.produces) & self.unknown)
            told = f"there is no topic {missing[0]}: make an OrderTopic" if missing else "It may do what it asks for."
            states[user] = UserState(use, not missing, "UnknownTopic" if missing else "Ready", told)
        self.uses.told(states)


@dataclass(frozen=True)
class Platform:
    admin: Administrator
    settings: OperatorSettings
    namespace: str
    prefix: str
    postgres_url: str

    def name(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def service(self, name: str, *, annotations: Object | None = None, **spec: Any) -> Object:
        about: Object = {"name": self.name(name), "namespace": self.namespace}
        if annotations:
            about["annotations"] = annotations
        given = {"image": "registry.example/loyalty:1.0", **spec}
        return {"apiVersion": "mercato.dev/v1alpha1", "kind": "CommerceService", "metadata": about, "spec": given}

    @asynccontextmanager
    async def operated(
        self, topics: Topics | None = None, client: Kubernetes | None = None, **changes: Any
    ) -> AsyncIterator[ServicesController]:
        """The controller runs; at the end it is cut off wherever it is."""
        settings = self.settings.model_copy(update=changes)
        async with (
            client or Kubernetes("mercato-operator") as connected,
            Recorder(connected, "mercato-operator", once_in=600) as recorder,
        ):
            controller = ServicesController(settings, connected, (topics or Topics()).uses, recorder)
            async with fed(controller, settings.all_namespaces):
                yield controller

    # -- what there is ------------------------------------------------------------------------------------------------
    async def found(self, kind: str, name: str) -> Object:
        """An object, or the server's words about it."""
        api = next(api for api, kinds in KINDS.items() if kind in kinds)
        return await self.admin.get(
            {"apiVersion": api, "kind": kind, "metadata": {"name": self.name(name), "namespace": self.namespace}}
        )

    async def exists(self, kind: str, name: str) -> bool:
        return bool((await self.found(kind, name))["kind"] == kind)

    async def children(self, name: str) -> dict[tuple[str, str], Object]:
        """All that is labelled as the service's, by kind and name."""
        objects: dict[tuple[str, str], Object] = {}
        for api, kinds in KINDS.items():
            for kind in kinds:
                plural = PLURALS.get(kind, f"{kind.lower()}s")
                root = f"/apis/{api}" if "/" in api else f"/api/{api}"
                for each in await self.admin.items(f"{root}/namespaces/{self.namespace}/{plural}"):
                    if each["metadata"].get("labels", {}).get("mercato.dev/commerce-service") == self.name(name):
                        name_ = each["metadata"]["name"].removeprefix(f"{self.prefix}-")
                        objects[kind, name_] = {"apiVersion": api, "kind": kind, **each}  # a list does not say it
        return objects

    async def status(self, name: str) -> Object:
        found: Object = (await self.admin.get(self.service(name))).get("status") or {}
        return found

    async def conditions(self, name: str) -> dict[str, Object]:
        return {each["type"]: each for each in (await self.status(name)).get("conditions", [])}

    async def tells(self, name: str, kind: str, reason: str, seconds: float = 10) -> Object:
        """Waits for a condition to have the reason."""

        async def told() -> bool:
            return (await self.conditions(name)).get(kind, {}).get("reason") == reason

        await self.holds(told, seconds, name)
        return (await self.conditions(name))[kind]

    async def holds(self, condition: Callable[[], Any], seconds: float = 10, name: str | None = None) -> None:
        try:
            await until(condition, seconds)
        except TimeoutError:
            pytest.fail(f"it does not hold; conditions: {await self.conditions(name) if name else 'unknown'}")

    # -- what others do -----------------------------------------------------------------------------------------------
    async def roll_out(self, name: str) -> None:
        """As the Deployment's controller does once all pods are ready."""

        async def there() -> bool:
            return await self.exists("Deployment", name)

        await self.holds(there, name=name)
        found = await self.found("Deployment", name)
        count = found["spec"]["replicas"]
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        status = {"observedGeneration": found["metadata"]["generation"], **dict.fromkeys(counts, count)}
        about = {"name": found["metadata"]["name"], "namespace": self.namespace}
        await self.admin.put(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "status": status}, status=True
        )

    async def ready(self, name: str, reason: str = "Ready") -> None:
        """All pods come up, and it says that it is ready."""

        async def done() -> bool:
            if await self.exists("Deployment", name):
                await self.roll_out(name)
            ready = (await self.conditions(name)).get("Ready", {})
            generation = (await self.admin.get(self.service(name)))["metadata"]["generation"]
            return ready.get("reason") == reason and ready.get("observedGeneration") == generation

        await self.holds(done, 20, name)

    def sign_in(self, name: str, password: str, database: str | None = None) -> psycopg.Connection:
        """As the service's role."""
        parts, role = urlsplit(self.postgres_url), self.name(name)
        return psycopg.connect(
            host=parts.hostname, port=parts.port, user=role, password=password, dbname=database or role, autocommit=True
        )

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.postgres_url) as connection:
            query = "SELECT FROM pg_database WHERE datname = %s"
            return connection.execute(query, (self.name(name),)).fetchone() is not None

    def has_role(self, name: str) -> bool:
        with psycopg.connect(self.postgres_url) as connection:
            query = "SELECT FROM pg_roles WHERE rolname = %s"
            return connection.execute(query, (self.name(name),)).fetchone() is not None

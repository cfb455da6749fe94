"""One real API server and one real Kafka that asks for users; each test has a namespace, and an operator for it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from mercato_operator.jobs.retrying import retrying
from mercato_operator.kafka.connection import Connection, KafkaAdminError

from tests.cluster.operator.operator_process import Operator, grant
from tests.support.administrator import Administrator, Object
from tests.support.api_server import ADMINISTRATORS, ApiServer, for_a_fixture
from tests.support.closed_kafka import ADMIN, closed_kafka, security
from tests.support.serving import until

PASSWORDS = {"order": "o" * 24, "product": "p" * 24, "payment": "y" * 24, "notification": "n" * 24}


@pytest.fixture(scope="session")
def api() -> Iterator[ApiServer]:
    """Tests that stop it leave it running."""
    yield from for_a_fixture()


@pytest.fixture
async def admin(api: ApiServer) -> AsyncIterator[Administrator]:
    async with Administrator(api.kubeconfig("admin", ADMINISTRATORS)) as administrator:
        yield administrator


@pytest.fixture
async def namespace(admin: Administrator) -> str:
    """A new one. Nothing here could delete it; it goes with the server."""
    name = f"test-{uuid4().hex[:12]}"
    await admin.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """The bootstrap address of a Kafka that asks for users."""
    with closed_kafka() as bootstrap:
        client = Connection(bootstrap, security("admin", ADMIN), 10)
        retrying(lambda: client.call("list", lambda: client.client.list_topics(timeout=2)), KafkaAdminError, 90)
        yield bootstrap


@pytest.fixture
def kafka(broker: str) -> AdminClient:
    """An administrator of it."""
    return Connection(broker, security("admin", ADMIN), 10).client


def kafka_settings(broker: str, folder: Path) -> dict[str, str]:
    """Variables of an operator that brings topics and users about by Kafka's admin API."""
    users = folder / "users"
    users.mkdir(exist_ok=True)
    for user, password in PASSWORDS.items():
        (users / user).write_text(password)
    return {
        "MERCATO_KAFKA_BOOTSTRAP": broker,
        "MERCATO_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "MERCATO_KAFKA_USERNAME": "admin",
        "MERCATO_KAFKA_PASSWORD": ADMIN,
        "MERCATO_KAFKA_USERS_DIRECTORY": str(users),
    }


@pytest.fixture
async def operators(
    api: ApiServer, admin: Administrator, namespace: str, tmp_path: Path
) -> AsyncIterator[Callable[..., Operator]]:
    """Makes operators of the namespace, under an account with its rights alone; they end with the test."""
    user = f"operator-{namespace}"
    await grant(admin, user, namespace)
    with ExitStack() as stack:

        def make(instance: str = "operator-1", **settings: str) -> Operator:
            settings["MERCATO_NAMESPACE"] = namespace
            made = Operator(tmp_path, api.kubeconfig(user), instance, **settings)
            stack.callback(made.kill)
            return made

        yield make


@dataclass(frozen=True)
class Topics:
    """OrderTopics of a namespace, and what Kafka has. Topics begin with the namespace, since all share a Kafka."""

    admin: Administrator
    kafka: AdminClient
    namespace: str

    def name(self, name: str) -> str:
        return f"{self.namespace}.{name}"

    def body(self, name: str, **spec: Any) -> Object:
        metadata = {"name": name, "namespace": self.namespace}
        whole = {"partitions": 1, "topicName": self.name(name), **spec}
        return {"apiVersion": "mercato.dev/v1alpha1", "kind": "OrderTopic", "metadata": metadata, "spec": whole}

    async def put(self, name: str, **spec: Any) -> None:
        await self.admin.put(self.body(name, **spec))

    async def get(self, name: str) -> Object | None:
        """None where it is gone."""
        found = await self.admin.get(self.body(name))
        return found if found.get("kind") == "OrderTopic" else None

    async def delete(self, name: str) -> None:
        await self.admin.delete(self.body(name))

    async def condition(self, name: str, type_: str = "Ready") -> Object:
        """Empty while it is not there, or not of the object as it is now."""
        found = await self.get(name) or {"metadata": {}}
        conditions = found.get("status", {}).get("conditions", ())
        generation = found["metadata"].get("generation")
        fresh = [one for one in conditions if one["type"] == type_ and one.get("observedGeneration") == generation]
        return fresh[0] if fresh else {}

    async def until_ready(self, *names: str, seconds: float = 30) -> None:
        for name in names:

            async def ready(name: str = name) -> bool:
                return (await self.condition(name)).get("status") == "True"

            await until(ready, seconds)

    async def until_reason(self, name: str, reason: str, type_: str = "Ready") -> Object:
        async def told() -> bool:
            return (await self.condition(name, type_)).get("reason") == reason

        await until(told, 30)
        return await self.condition(name, type_)

    async def until_gone(self, *names: str, seconds: float = 30) -> None:
        for name in names:

            async def gone(name: str = name) -> bool:
                return await self.get(name) is None

            await until(gone, seconds)

    def present(self) -> dict[str, int]:
        """Partitions by topic, the prefix left out."""
        prefix = self.name("")
        found = self.kafka.list_topics(timeout=10).topics
        return {
            name.removeprefix(prefix): len(topic.partitions)
            for name, topic in found.items()
            if name.startswith(prefix) and topic.error is None
        }


@pytest.fixture
def topics(admin: Administrator, kafka: AdminClient, namespace: str) -> Topics:
    return Topics(admin, kafka, namespace)

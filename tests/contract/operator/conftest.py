"""A backend and what is really there, once with the fake and once with a real Kafka that asks for users."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from mercato_operator.jobs.retrying import retrying
from mercato_operator.kafka.acls import Access
from mercato_operator.kafka.backend import Backend
from mercato_operator.kafka.bindings import of_everyone
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.kafka_backend import KafkaBackend
from mercato_operator.kafka.record import Users

from tests.support.closed_kafka import ADMIN, closed_kafka, security
from tests.support.fake_kafka import FakeBackend, FakeKafka


@dataclass
class Reality:
    """What somebody who looks at Kafka sees, and what somebody else can do to it."""

    backend: Backend
    partitions: Callable[[str], int | None]
    setting: Callable[[str, str], str | None]
    signs_in: Callable[[str, str], bool]
    """As this user with this password."""
    rights: Callable[[str], frozenset[Access]]
    tamper: Callable[[str, str, str], None]
    stranger: Callable[[str], None]
    again: Callable[[], Backend]
    """A backend of another process."""


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """A real one."""
    with closed_kafka() as bootstrap:
        connection = Connection(bootstrap, security("admin", ADMIN), 10)
        retrying(lambda: connection.call("list", lambda: connection.client.list_topics(timeout=2)), KafkaAdminError, 90)
        yield bootstrap


class MemoryRecord:
    """A record that outlives a backend."""

    def __init__(self) -> None:
        self.users = Users()

    async def read(self) -> Users:
        return self.users

    async def write(self, users: Users) -> None:
        self.users = users


@pytest.fixture(params=["fake", "kafka"])
def reality(request: pytest.FixtureRequest) -> Iterator[Reality]:
    """Topics and users of earlier tests may be there."""
    if request.param == "fake":
        yield _fake(FakeKafka(brokers=1))
        return
    bootstrap: str = request.getfixturevalue("broker")
    made = _real(bootstrap)
    yield made
    asyncio.run(made.backend.close())


def _fake(kafka: FakeKafka) -> Reality:
    def tamper(topic: str, key: str, value: str) -> None:
        kafka.topics[topic].config[key] = value

    return Reality(
        FakeBackend(kafka),
        partitions=lambda topic: kafka.topics[topic].partitions if topic in kafka.topics else None,
        setting=lambda topic, key: kafka.topics[topic].config.get(key, {"max.message.bytes": "1048588"}.get(key)),
        signs_in=lambda user, password: kafka.passwords.get(user) == password,
        rights=lambda user: kafka.rights.get(user, frozenset()),
        tamper=tamper,
        stranger=lambda user: kafka.passwords.update({user: "theirs"}),
        again=lambda: FakeBackend(kafka),
    )


def _real(bootstrap: str) -> Reality:
    connection = Connection(bootstrap, security("admin", ADMIN), 10)
    client, record = connection.client, MemoryRecord()

    def partitions(topic: str) -> int | None:
        found = client.list_topics(timeout=10).topics.get(topic)
        return len(found.partitions) if found and found.error is None else None

    def setting(topic: str, key: str) -> str | None:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        return str(client.describe_configs([resource])[resource].result(10)[key].value)

    def rights(user: str) -> frozenset[Access]:
        kinds: Mapping[str, Any] = {"TOPIC": "topic", "GROUP": "group"}
        found = client.describe_acls(of_everyone(), request_timeout=10).result(10)
        return frozenset(
            Access(kinds[one.restype.name], one.name, one.operation.name.capitalize())
            for one in found
            if one.principal == f"User:{user}"
        )

    def tamper(topic: str, key: str, value: str) -> None:
        entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        change = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for future in client.incremental_alter_configs([change]).values():
            future.result(10)

    def stranger(user: str) -> None:
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        changes: list[Any] = [UserScramCredentialUpsertion(user, credential, b"theirs")]
        client.alter_user_scram_credentials(changes)[user].result(10)

    def backend() -> KafkaBackend:
        return KafkaBackend(lambda: Connection(bootstrap, security("admin", ADMIN), 10), record)

    def signs_in(user: str, password: str) -> bool:
        theirs = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, **security(user, password)})
        try:
            theirs.list_topics(timeout=3)
        except KafkaException:
            return False
        return True

    return Reality(backend(), partitions, setting, signs_in, rights, tamper=tamper, stranger=stranger, again=backend)

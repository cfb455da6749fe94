"""Manifests applied to a real Kafka."""

from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]
from mercato_operator import admin
from mercato_operator.admin import KafkaAdmin
from mercato_operator.apply import apply
from mercato_operator.connection import Connection, KafkaAdminError
from mercato_operator.topics import Topic

MANIFESTS = Path(__file__).parents[3] / "k8s" / "topics"


@pytest.fixture
def topic() -> str:
    """A topic of the test alone."""
    return f"test.{uuid4().hex}"


def partitions(bootstrap: str) -> dict[str, int]:
    metadata = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10)
    return {name: len(topic.partitions) for name, topic in metadata.topics.items()}


def configuration(bootstrap: str, topic: str, key: str) -> str:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    client = AdminClient({"bootstrap.servers": bootstrap})
    entries = client.describe_configs([resource])[resource].result(10)
    return str(entries[key].value)


def test_the_platforms_manifests_become_topics_and_a_repeat_does_nothing(empty_kafka: str) -> None:
    lines = apply(empty_kafka, MANIFESTS)
    assert "order.events: created with 6 partitions" in lines
    assert len(lines) == 9
    found = partitions(empty_kafka)
    assert found["order.events.notification.retry"] == 6
    assert found["product.commands.product.dead-letter"] == 1
    assert configuration(empty_kafka, "order.events", "retention.ms") == "604800000"
    assert apply(empty_kafka, MANIFESTS) == []


def test_configuration_that_differs_is_put_back_and_the_rest_left_alone(empty_kafka: str, topic: str) -> None:
    kafka = KafkaAdmin(Connection(empty_kafka))
    kafka.ensure([Topic(topic, 1, 1, {"retention.ms": "1000", "max.message.bytes": "2000"})])
    assert kafka.ensure([Topic(topic, 1, 1, {"retention.ms": "5000"})]) == [f"{topic}: set retention.ms=5000"]
    assert configuration(empty_kafka, topic, "retention.ms") == "5000"
    assert configuration(empty_kafka, topic, "max.message.bytes") == "2000"
    assert kafka.ensure([Topic(topic, 1, 1, {"retention.ms": "5000"})]) == []


def test_partitions_grow_only_when_asked_and_never_shrink(empty_kafka: str, topic: str) -> None:
    kafka = KafkaAdmin(Connection(empty_kafka))
    kafka.ensure([Topic(topic, 2, 1)])
    (line,) = kafka.ensure([Topic(topic, 4, 1)])
    assert "keeps 2 partitions" in line
    assert "allowRepartition" in line
    assert partitions(empty_kafka)[topic] == 2
    assert kafka.ensure([Topic(topic, 4, 1, allow_repartition=True)]) == [f"{topic}: grown from 2 to 4 partitions"]
    assert partitions(empty_kafka)[topic] == 4
    (line,) = kafka.ensure([Topic(topic, 1, 1, allow_repartition=True)])
    assert "never shrink" in line
    assert partitions(empty_kafka)[topic] == 4


def test_replicas_that_differ_are_told(empty_kafka: str, topic: str) -> None:
    kafka = KafkaAdmin(Connection(empty_kafka))
    kafka.ensure([Topic(topic, 1, 1)])
    (line,) = kafka.ensure([Topic(topic, 1, 3)])
    assert "keeps 1 replicas; 3 are declared" in line


def test_what_kafka_refuses_is_one_line_that_names_the_topic(empty_kafka: str, topic: str) -> None:
    with pytest.raises(KafkaAdminError, match=topic) as raised:
        KafkaAdmin(Connection(empty_kafka)).ensure([Topic(topic, 1, 3)])
    assert "\n" not in str(raised.value)


def test_a_kafka_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "TIMEOUT", 0.5)
    with pytest.raises(KafkaAdminError, match=r"127\.0\.0\.1:1: .*; is Kafka running"):
        apply("127.0.0.1:1", MANIFESTS)

"""Manifests applied to a real Kafka."""

from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]
from mercato_operator.jobs.apply import apply
from mercato_operator.kafka import connection
from mercato_operator.kafka.admin import KafkaTopics
from mercato_operator.kafka.backend import Outcome
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.topics import Topic

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
    kafka = KafkaTopics(Connection(empty_kafka))
    kafka.bring([Topic(topic, 1, 1, {"retention.ms": "1000", "max.message.bytes": "2000"})])
    set_back = Outcome(("set retention.ms=5000",), partitions=1)
    assert kafka.bring([Topic(topic, 1, 1, {"retention.ms": "5000"})]) == {topic: set_back}
    assert configuration(empty_kafka, topic, "retention.ms") == "5000"
    assert configuration(empty_kafka, topic, "max.message.bytes") == "2000"
    assert kafka.bring([Topic(topic, 1, 1, {"retention.ms": "5000"})]) == {topic: Outcome(partitions=1)}


def test_configuration_that_is_not_declared_any_more_goes_back_to_its_default(empty_kafka: str, topic: str) -> None:
    kafka = KafkaTopics(Connection(empty_kafka))
    kafka.bring([Topic(topic, 1, 1, {"max.message.bytes": "2000"})])
    again = Topic(topic, 1, 1, reset=frozenset({"max.message.bytes"}))
    assert kafka.bring([again])[topic].done == ("set max.message.bytes to its default",)
    assert configuration(empty_kafka, topic, "max.message.bytes") == "1048588"
    assert kafka.bring([again])[topic].done == ()


def test_partitions_grow_only_when_asked_and_never_shrink(empty_kafka: str, topic: str) -> None:
    kafka = KafkaTopics(Connection(empty_kafka))
    kafka.bring([Topic(topic, 2, 1)])
    kept = kafka.bring([Topic(topic, 4, 1)])[topic]
    assert kept.fault is not None
    assert (kept.fault.reason, kept.partitions) == ("RepartitionNotAllowed", 2)
    assert "allowRepartition" in kept.fault.message
    assert partitions(empty_kafka)[topic] == 2
    grown = Outcome(("grown from 2 to 4 partitions",), partitions=4)
    assert kafka.bring([Topic(topic, 4, 1, allow_repartition=True)]) == {topic: grown}
    assert partitions(empty_kafka)[topic] == 4
    kept = kafka.bring([Topic(topic, 1, 1, allow_repartition=True)])[topic]
    assert kept.fault is not None
    assert (kept.fault.reason, kept.partitions) == ("PartitionsNeverShrink", 4)
    assert partitions(empty_kafka)[topic] == 4


def test_replicas_that_differ_are_told(empty_kafka: str, topic: str) -> None:
    kafka = KafkaTopics(Connection(empty_kafka))
    kafka.bring([Topic(topic, 1, 1)])
    fault = kafka.bring([Topic(topic, 1, 3)])[topic].fault
    assert fault is not None
    assert "keeps 1 replicas; 3 are declared" in fault.message


def test_what_kafka_refuses_is_one_line_that_names_the_topic_and_keeps_no_other(empty_kafka: str, topic: str) -> None:
    outcomes = KafkaTopics(Connection(empty_kafka)).bring([Topic(topic, 1, 3), Topic(f"{topic}.other", 1, 1)])
    fault = outcomes[topic].fault
    assert fault is not None
    assert (fault.reason, fault.unknown) == ("KafkaRefused", False)
    assert topic in fault.message
    assert "\n" not in fault.message
    assert outcomes[f"{topic}.other"] == Outcome(("created with 1 partitions",), partitions=1)


def test_what_is_removed_is_gone_and_a_repeat_does_nothing(empty_kafka: str, topic: str) -> None:
    kafka = KafkaTopics(Connection(empty_kafka))
    kafka.bring([Topic(topic, 1, 1)])
    assert kafka.remove([topic])[topic].done == (f"deleted topic {topic} with its messages",)
    assert topic not in partitions(empty_kafka)
    assert kafka.remove([topic]) == {topic: Outcome()}


def test_a_kafka_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.5)
    with pytest.raises(KafkaAdminError, match=r"127\.0\.0\.1:1: .*; is Kafka running"):
        apply("127.0.0.1:1", MANIFESTS)

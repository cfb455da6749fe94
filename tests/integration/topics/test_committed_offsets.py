"""What consumer groups have committed, asked of a real Kafka."""

from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it names no exports

from services.chassis.messaging.committed import committed


@pytest.fixture
def client(empty_kafka: str) -> dict[str, str]:
    return {"bootstrap.servers": empty_kafka}


@pytest.fixture
def topic(client: dict[str, str]) -> str:
    """Two partitions."""
    name = f"t-{uuid4().hex[:8]}"
    admin = AdminClient({**client})
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(20)
    return name


def test_groups_that_nobody_knows_yet_have_committed_nothing(client: dict[str, str], topic: str) -> None:
    """The first question to a new Kafka makes it elect the groups' coordinators."""
    for number in range(4):
        assert committed(client, f"new-{number}", [(topic, 0), (topic, 1)], 20) == {}


def test_what_a_group_committed_is_told_and_what_it_did_not_is_left_out(client: dict[str, str], topic: str) -> None:
    consumer = Consumer({**client, "group.id": "reader", "enable.auto.commit": False})
    consumer.commit(offsets=[TopicPartition(topic, 1, 7)], asynchronous=False)
    consumer.close()
    assert committed(client, "reader", [(topic, 0), (topic, 1)], 20) == {(topic, 1): 7}


def test_no_partitions_are_no_question(client: dict[str, str]) -> None:
    assert committed(client, "reader", [], 20) == {}


def test_a_kafka_that_does_not_answer_is_told_in_time() -> None:
    with pytest.raises(KafkaException):
        committed({"bootstrap.servers": "127.0.0.1:1"}, "reader", [("t", 0)], 0.5)

"""OrderTopic manifests and the topics they stand for."""

from pathlib import Path
from typing import Any

import pytest
from mercato_operator.jobs.apply import read
from mercato_operator.kafka.topics import InvalidTopicError, concrete, milliseconds, order_topic

MANIFESTS = Path(__file__).parents[3] / "k8s" / "topics"


def manifest(name: str = "order.events", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "OrderTopic",
        "metadata": {"name": name},
        "spec": {"partitions": 6, **spec},
    }


def test_the_platforms_topics_are_those_of_the_contract() -> None:
    topics = {topic.name: topic for topic in concrete(read(MANIFESTS))}
    assert topics.keys() == {
        "product.commands",
        "product.commands.product.dead-letter",
        "payment.commands",
        "payment.commands.payment.dead-letter",
        "order.replies",
        "order.replies.order.dead-letter",
        "order.events",
        "order.events.notification.retry",
        "order.events.notification.dead-letter",
    }
    events = topics["order.events"]
    assert (events.partitions, events.replicas, events.config) == (6, 1, {"retention.ms": "604800000"})


def test_each_consumer_group_has_its_own_retry_and_dead_letters() -> None:
    declared = order_topic(manifest(consumers=["a", "b"], retry={"enabled": True}), "x.yaml")
    assert [topic.name for topic in declared.topics()] == [
        "order.events",
        "order.events.a.retry",
        "order.events.b.retry",
        "order.events.a.dead-letter",
        "order.events.b.dead-letter",
    ]


def test_no_dead_letter_topic_where_it_is_switched_off() -> None:
    declared = order_topic(manifest(consumers=["a"], deadLetter={"enabled": False}), "x.yaml")
    assert [topic.name for topic in declared.topics()] == ["order.events"]


def test_the_topics_name_may_differ_from_the_objects() -> None:
    assert order_topic(manifest("events", topicName="order_events"), "x.yaml").topics()[0].name == "order_events"


def test_configuration_reaches_the_topic_beside_its_retention() -> None:
    declared = order_topic(manifest(retention="12h", config={"cleanup.policy": "delete"}), "x.yaml")
    assert declared.topics()[0].config == {"cleanup.policy": "delete", "retention.ms": "43200000"}


def test_a_list_in_the_configuration_is_written_as_kafka_writes_it() -> None:
    declared = order_topic(manifest(config={"cleanup.policy": " compact, delete "}), "x.yaml")
    assert declared.topics()[0].config["cleanup.policy"] == "compact,delete"


@pytest.mark.parametrize(("text", "expected"), [("500ms", 500), ("2s", 2_000), ("3m", 180_000), ("1d", 86_400_000)])
def test_durations_are_milliseconds(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (manifest(partitions=0), r"x\.yaml: spec\.partitions: .*greater"),
        (manifest(partitions="6"), r"x\.yaml: spec\.partitions: .*integer"),
        (manifest(retention="week"), r"x\.yaml: spec\.retention: write a duration"),
        (manifest(retries=True), r"x\.yaml: spec\.retries: Extra"),
        (manifest(topicName="no spaces"), r"x\.yaml: spec\.topicName: a topic's name"),
        (manifest(config={"retention.ms": "1"}), r"x\.yaml: spec\.config: give retention\.ms as spec\.retention"),
        (manifest(consumers=["Product"]), r"x\.yaml: spec\.consumers\.0: "),
        (manifest("e" * 240, consumers=["notification"]), r"x\.yaml: spec\.topicName: .* more than 249"),
        ({"kind": "OrderTopic"}, r"x\.yaml: apiVersion: Field required"),
        ("text", r"x\.yaml: the document: "),
    ],
)
def test_a_broken_manifest_is_one_line_with_document_and_field(broken: Any, line: str) -> None:
    with pytest.raises(InvalidTopicError, match=line) as raised:
        order_topic(broken, "x.yaml")
    assert "\n" not in str(raised.value)


def test_two_manifests_for_one_topic_are_refused() -> None:
    first, second = order_topic(manifest(), "a.yaml"), order_topic(manifest(), "b.yaml")
    with pytest.raises(InvalidTopicError, match=r"b\.yaml: .*declared by a\.yaml"):
        concrete([first, second])


def test_unreadable_and_missing_manifests_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidTopicError, match="no OrderTopic manifest"):
        read(tmp_path)
    (tmp_path / "x.yaml").write_text("a: [")
    with pytest.raises(InvalidTopicError, match=r"^x\.yaml: it cannot be read: .*") as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)

"""What a manifest may say in its own words: settings of any type, and names that Kafka can tell apart."""

from typing import Any

import pytest
from mercato_operator.kafka.topics import InvalidTopicError, concrete, order_topic


def manifest(name: str, **spec: Any) -> dict[str, Any]:
    head = {"apiVersion": "mercato.dev/v1alpha1", "kind": "OrderTopic", "metadata": {"name": name}}
    return {**head, "spec": {"partitions": 1, **spec}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("604800000", "604800000"),
        (604_800_000, "604800000"),
        (604_800_000.0, "604800000"),
        (10_000_000, "10000000"),
        (2**63 - 1, "9223372036854775807"),
        (-1, "-1"),
        (0, "0"),
        (0.5, "0.5"),
        (0.00001, "0.00001"),
        (True, "true"),
        (False, "false"),
        ("", ""),
        (" compact , delete ", "compact,delete"),
    ],
)
def test_a_setting_is_text_a_number_or_a_truth_and_kafka_is_told_text(value: Any, text: str) -> None:
    topic = order_topic(manifest("t", config={"some.key": value}), "x.yaml").topics()[0]
    assert topic.config["some.key"] == text


@pytest.mark.parametrize("value", [None, [], ["compact"], {}, {"a": 1}, float("nan"), float("inf"), "x" * 1001])
def test_any_other_setting_is_refused_by_its_name(value: Any) -> None:
    with pytest.raises(InvalidTopicError, match=r"^x\.yaml: spec\.config: some\.key is to be a text"):
        order_topic(manifest("t", config={"other": "1", "some.key": value}), "x.yaml")


@pytest.mark.parametrize("value", [1, "1", True, 1.5])
def test_the_retention_has_a_field_of_its_own_whatever_its_type(value: Any) -> None:
    with pytest.raises(InvalidTopicError, match=r"give retention\.ms as spec\.retention"):
        order_topic(manifest("t", config={"retention.ms": value}), "x.yaml")


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ({"name": "order.events"}, {"name": "x", "topicName": "order_events"}, ("order_events", "order.events")),
        ({"name": "x", "topicName": "a_b.c"}, {"name": "a.b.c"}, ("a.b.c", "a_b.c")),
        (
            {"name": "order", "consumers": ["mail"]},
            {"name": "x", "topicName": "order_mail_dead-letter"},
            ("order_mail_dead-letter", "order.mail.dead-letter"),
        ),
        (
            {"name": "x", "topicName": "order_mail.retry"},
            {"name": "order", "consumers": ["mail"], "retry": {"enabled": True}},
            ("order.mail.retry", "order_mail.retry"),
        ),
        (
            {"name": "a.b", "consumers": ["mail"]},
            {"name": "x", "topicName": "a_b", "consumers": ["mail"]},
            ("a_b", "a.b"),
        ),
    ],
)
def test_topics_that_are_one_in_kafkas_metrics_are_refused_by_both_names(
    first: dict[str, Any], second: dict[str, Any], names: tuple[str, str]
) -> None:
    declared = [order_topic(manifest(**each), f"{index}.yaml") for index, each in enumerate((first, second))]
    with pytest.raises(InvalidTopicError) as raised:
        concrete(declared)
    assert str(raised.value) == (
        f"1.yaml: spec.topicName: {names[0]} cannot be beside {names[1]}, declared by 0.yaml: "
        "Kafka's metrics take . and _ for the same"
    )


def test_names_that_differ_otherwise_are_told_apart() -> None:
    names = ["order.events", "order-events", "orderevents", "Order.events", "order.events2", "order._events"]
    declared = [order_topic(manifest(f"n{i}", topicName=name), f"{i}.yaml") for i, name in enumerate(names)]
    assert [topic.name for topic in concrete(declared)] == names


@pytest.mark.parametrize("name", [".", "..", "", "a b", "ä", "x" * 250, "__hidden", "a/b", "a:b"])
def test_what_kafka_takes_for_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidTopicError, match=r"spec\.topicName: "):
        order_topic(manifest("t", topicName=name), "x.yaml")


@pytest.mark.parametrize("name", ["x" * 249, "A.Z", "...", "_a", "0", "-"])
def test_what_kafka_takes_is_taken(name: str) -> None:
    assert order_topic(manifest("t", topicName=name), "x.yaml").topics()[0].name == name

"""Strimzi's objects as they are written, and what it says of them in words a person understands."""

from typing import Any

import pytest
from mercato_operator.kafka.acls import Access
from mercato_operator.kafka.backend import Account
from mercato_operator.kafka.topics import Topic
from mercato_operator.strimzi.objects import Strimzi, is_as, object_name
from mercato_operator.strimzi.reasons import topic_fault, user_fault

STRIMZI = Strimzi("kafka", "mercato", "shop")


def said(*conditions: dict[str, str], generation: int = 3, observed: int = 3) -> dict[str, Any]:
    status = {"observedGeneration": observed, "conditions": list(conditions)}
    return {"metadata": {"name": "x", "generation": generation}, "status": status}


@pytest.mark.parametrize(
    ("reason", "expected", "words"),
    [
        ("ResourceConflict", "TopicTaken", "delete one of the two"),
        ("NotSupported", "NotSupported", "declare what the topic has"),
        ("KafkaError", "KafkaRefused", "Kafka refused it: because"),
        ("InternalError", "StrimziFailed", "see the log of its Topic Operator"),
        ("SomethingNew", "StrimziFailed", "Strimzi says SomethingNew: because"),
    ],
)
def test_each_of_strimzis_reasons_says_what_to_do(reason: str, expected: str, words: str) -> None:
    fault = topic_fault(said({"type": "Ready", "status": "False", "reason": reason, "message": "because"}))
    assert fault is not None
    assert (fault.reason, fault.unknown) == (expected, False)
    assert words in fault.message
    assert "because" in fault.message


def test_a_topic_that_strimzi_has_not_seen_as_it_is_now_is_waited_for() -> None:
    for body in ({"metadata": {"name": "x", "generation": 1}}, said({"type": "Ready", "status": "True"}, observed=2)):
        fault = topic_fault(body)
        assert fault is not None
        assert (fault.reason, fault.unknown) == ("WaitingForStrimzi", True)


@pytest.mark.parametrize(("type_", "reason"), [("Unmanaged", "Unmanaged"), ("ReconciliationPaused", "Paused")])
def test_a_topic_that_is_left_alone_on_purpose_names_the_annotation(type_: str, reason: str) -> None:
    fault = topic_fault(said({"type": type_, "status": "True"}))
    assert fault is not None
    assert fault.reason == reason
    assert "strimzi.io/" in fault.message


def test_what_is_ready_has_no_fault() -> None:
    ready = said({"type": "Ready", "status": "True"})
    assert topic_fault(ready) is None
    assert user_fault(ready) is None


@pytest.mark.parametrize(
    ("strimzi", "labels", "why"),
    [
        (STRIMZI, {"strimzi.io/cluster": "mercato"}, "was not made by this operator"),
        (STRIMZI, {"strimzi.io/cluster": "other", "mercato.dev/installation": "shop"}, "belongs to the Kafka other"),
        (STRIMZI, {}, "names no Kafka"),
        (STRIMZI, {"strimzi.io/cluster": "mercato", "mercato.dev/installation": "b"}, "installation in namespace b"),
        (STRIMZI, {"strimzi.io/cluster": "mercato", "mercato.dev/installation": "shop"}, None),
        (Strimzi("shop", "mercato", "shop"), {"strimzi.io/cluster": "mercato"}, None),
    ],
)
def test_what_others_made_beside_their_kafka_is_left_alone(
    strimzi: Strimzi, labels: dict[str, str], why: str | None
) -> None:
    found = strimzi.foreign({"metadata": {"name": "order", "labels": labels}})
    assert found is None if why is None else why in str(found)


def test_a_user_that_strimzi_refuses_says_why() -> None:
    refused = {"type": "NotReady", "status": "True", "reason": "InvalidResourceException", "message": "no password"}
    fault = user_fault(said(refused))
    assert fault is not None
    assert "InvalidResourceException: no password" in fault.message


def test_names_that_no_object_may_have_are_made_over_and_stay_apart() -> None:
    assert object_name("order.events") == "order.events"
    made = {object_name(name) for name in ("Order.Events", "order_events", "order.events_", "_x")}
    assert len(made) == 4
    assert all(name == name.lower() and "_" not in name and name[0].isalnum() for name in made)


def test_a_topic_is_written_with_its_real_name_and_nobody_owns_it() -> None:
    body = STRIMZI.topic(Topic("Order_Events", 3, 2, {"retention.ms": "1"}))
    assert body["spec"] == {
        "topicName": "Order_Events",
        "partitions": 3,
        "replicas": 2,
        "config": {"retention.ms": "1"},
    }
    assert body["metadata"]["labels"]["strimzi.io/cluster"] == "mercato"
    assert "ownerReferences" not in body["metadata"]


def test_a_user_is_written_with_a_reference_to_its_password_and_all_its_rights_in_one_list() -> None:
    access = frozenset({Access("topic", "t", "Read"), Access("topic", "t", "Describe"), Access("group", "u", "Read")})
    body = STRIMZI.user(Account("u", access, "secret"), ("u-kafka", "password"))
    assert "secret" not in str(body["spec"]).replace("secretKeyRef", "")
    assert [(one["resource"]["name"], one["operations"]) for one in body["spec"]["authorization"]["acls"]] == [
        ("u", ["Read"]),
        ("t", ["Describe", "Read"]),
    ]


def test_an_object_is_as_wanted_whatever_else_it_has() -> None:
    wanted = STRIMZI.topic(Topic("t", 1, 1))
    found = {"metadata": {**wanted["metadata"], "uid": "1"}, "spec": {**wanted["spec"], "more": 1}}
    assert is_as(found, wanted)
    assert not is_as({**found, "spec": {**found["spec"], "partitions": 2}}, wanted)

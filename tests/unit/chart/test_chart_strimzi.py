"""Strimzi's objects fit each other, and what the services are told, beyond what their definitions can say."""

import re
from typing import Any

import pytest
from chart_objects import CHART, Object, containers, environment, name, of_kind, pods, refusal, rendered

VALUES = ("--values", str(CHART / "values-strimzi.yaml"))
RESERVED = {9404, 9999}
"""Ports of Strimzi's metrics and JMX; below 9092 are its own listeners."""


@pytest.fixture
def objects() -> tuple[Object, ...]:
    return rendered(*VALUES)


@pytest.fixture
def kafka(objects: tuple[Object, ...]) -> Object:
    return of_kind(objects, "Kafka")[0]


def test_pools_topics_and_users_name_their_cluster(objects: tuple[Object, ...], kafka: Object) -> None:
    parts = of_kind(objects, "KafkaNodePool", "KafkaUser")
    assert {each["metadata"]["labels"]["strimzi.io/cluster"] for each in parts} == {name(kafka)}
    assert {each["apiVersion"] for each in [kafka, *parts]} == {"kafka.strimzi.io/v1"}


def test_users_sign_in_as_the_listener_asks_with_the_password_the_service_has(
    objects: tuple[Object, ...], kafka: Object
) -> None:
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    assert re.fullmatch("[a-z0-9]{1,11}", listener["name"])
    assert listener["port"] >= 9092
    assert listener["port"] not in RESERVED
    for user in of_kind(objects, "KafkaUser"):
        given = user["spec"]["authentication"]
        assert given["type"] == listener["authentication"]["type"] == "scram-sha-512"
        assert given["password"]["valueFrom"]["secretKeyRef"] == {"name": "mercato-kafka", "key": name(user)}
        assert user["spec"]["authorization"]["type"] == kafka["spec"]["kafka"]["authorization"]["type"] == "simple"
    for _, pod in pods(objects):
        for container in containers(pod):
            found = environment(container)
            if user_name := found.get("MERCATO_KAFKA_USERNAME"):
                assert found["MERCATO_KAFKA_PASSWORD"] == f"mercato-kafka/{user_name}"
    operator: Any = dict(pods(objects))["operator"]
    assert environment(containers(operator)[0])["MERCATO_KAFKA_USERS_SECRET"] == "mercato-kafka"
    (mounted,) = [one["secret"] for one in operator["spec"]["volumes"] if one["name"] == "kafka-users"]
    assert {item["key"] for item in mounted["items"]} == {"order", "product", "payment", "notification"}
    assert mounted["secretName"] == "mercato-kafka"


def test_services_reach_the_listener_and_trust_the_clusters_authority(
    objects: tuple[Object, ...], kafka: Object
) -> None:
    pod: Any = dict(pods(objects))["order"]
    found = environment(containers(pod)[-1])
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    assert found["MERCATO_KAFKA_BOOTSTRAP"] == f"{name(kafka)}-kafka-bootstrap:{listener['port']}"
    assert (found["MERCATO_KAFKA_SECURITY_PROTOCOL"], listener["tls"]) == ("SASL_SSL", True)
    authority = f"{name(kafka)}-cluster-ca-cert"
    assert authority in {volume.get("secret", {}).get("secretName") for volume in pod["spec"]["volumes"]}


def test_an_upgrade_of_the_chart_restarts_no_broker(objects: tuple[Object, ...]) -> None:
    """Strimzi copies the labels of both onto the pods."""
    for each in of_kind(objects, "Kafka", "KafkaNodePool"):
        assert not [label for label in each["metadata"]["labels"] if "version" in label or "chart" in label]


def test_a_namespace_can_be_deleted_when_the_topic_operator_is_gone(kafka: Object) -> None:
    template = kafka["spec"]["entityOperator"]["template"]
    assert {"name": "STRIMZI_USE_FINALIZERS", "value": "false"} in template["topicOperatorContainer"]["env"]


def test_one_broker_is_asked_for_one_copy_of_everything() -> None:
    one = rendered(*VALUES, "--set", "kafka.strimzi.replicas=1,kafka.topicReplicas=1")
    config = of_kind(one, "Kafka")[0]["spec"]["kafka"]["config"]
    assert {value for key, value in config.items() if "replica" in key or "isr" in key} == {1}
    assert {topic["spec"]["replicas"] for topic in of_kind(one, "OrderTopic")} == {1}


def test_more_copies_than_brokers_are_refused() -> None:
    assert "kafka.topicReplicas is above kafka.strimzi.replicas" in refusal(*VALUES, "--set", "kafka.topicReplicas=4")

"""Strimzi's objects fit each other, and what the services are told, beyond what their definitions can say."""

import json
import re
from typing import Any

import pytest

from tests.unit.chart.chart_objects import (
    CHART,
    Object,
    containers,
    environment,
    name,
    named,
    of_kind,
    pods,
    refusal,
    rendered,
)

VALUES = ("--values", str(CHART / "values-strimzi.yaml"))
RESERVED = {9404, 9999}
"""Ports of Strimzi's metrics and JMX; below 9092 are its own listeners."""


@pytest.fixture
def objects() -> tuple[Object, ...]:
    return rendered(*VALUES)


@pytest.fixture
def kafka(objects: tuple[Object, ...]) -> Object:
    return of_kind(objects, "Kafka")[0]


def test_pools_name_their_cluster(objects: tuple[Object, ...], kafka: Object) -> None:
    parts = of_kind(objects, "KafkaNodePool")
    assert {each["metadata"]["labels"]["strimzi.io/cluster"] for each in parts} == {name(kafka)}
    assert {each["apiVersion"] for each in [kafka, *parts]} == {"kafka.strimzi.io/v1"}


def test_users_sign_in_as_the_listener_asks_with_the_password_the_service_has(
    objects: tuple[Object, ...], kafka: Object
) -> None:
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    assert re.fullmatch("[a-z0-9]{1,11}", listener["name"])
    assert listener["port"] >= 9092
    assert listener["port"] not in RESERVED
    assert listener["authentication"]["type"] == "scram-sha-512"
    assert kafka["spec"]["kafka"]["authorization"]["type"] == "simple"
    assert not of_kind(objects, "KafkaUser"), "users are the operator's"
    for _, pod in pods(objects):
        for container in containers(pod):
            found = environment(container)
            if user_name := found.get("MERCATO_KAFKA_USERNAME"):
                assert found["MERCATO_KAFKA_PASSWORD"] == f"mercato-kafka/{user_name}"
    operator: Any = dict(pods(objects))["operator"]
    assert environment(containers(operator)[0])["MERCATO_KAFKA_USERS_SECRET"] == "mercato-kafka"
    (mounted,) = [one["secret"] for one in operator["spec"]["volumes"] if one["name"] == "kafka-users"]
    assert {item["key"] for item in mounted["items"]} == {"order", "product", "payment", "notification", "toolbox"}
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


ELSEWHERE = ("--values", str(CHART / "ci" / "strimzi-elsewhere-values.yaml"))


def test_beside_a_kafka_of_another_namespace_none_is_made_and_everybody_is_led_there() -> None:
    objects = rendered(*ELSEWHERE)
    assert not of_kind(objects, "Kafka", "KafkaNodePool")
    for component, pod in pods(objects):
        for container in containers(pod):
            if bootstrap := environment(container).get("MERCATO_KAFKA_BOOTSTRAP"):
                assert bootstrap == "shared-kafka-bootstrap.kafka.svc:9093", component
    operator = environment(containers(dict(pods(objects))["operator"])[0])
    assert (operator["MERCATO_STRIMZI_NAMESPACE"], operator["MERCATO_STRIMZI_CLUSTER"]) == ("kafka", "shared")
    peer = {
        "podSelector": {"matchLabels": {"strimzi.io/cluster": "shared"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kafka"}},
    }
    assert json.loads(operator["MERCATO_KAFKA_PEER"]) == peer
    order = named(objects, "NetworkPolicy", "mercato-order")["spec"]["egress"]
    assert {"to": [peer], "ports": [{"port": 9093}]} in order


def test_the_operator_may_do_there_what_it_must_and_starts_before_the_authority_is_copied() -> None:
    objects = rendered(*ELSEWHERE)
    (role,) = (each for each in of_kind(objects, "Role") if each["metadata"].get("namespace") == "kafka")
    rights = {resource: rule["verbs"] for rule in role["rules"] for resource in rule["resources"]}
    assert rights == {
        "kafkatopics": ["list", "create", "patch", "delete"],
        "kafkausers": ["list", "create", "patch", "delete"],
        "secrets": ["get", "list", "create", "patch", "delete"],
    }
    (binding,) = (each for each in of_kind(objects, "RoleBinding") if each["metadata"].get("namespace") == "kafka")
    assert binding["roleRef"]["name"] == name(role)

    def optional(component: str) -> object:
        volumes: Any = dict(pods(objects))[component]["spec"]["volumes"]
        (authority,) = (each["secret"] for each in volumes if each["name"] == "kafka-ca")
        assert authority["secretName"] == "shared-cluster-ca-cert"
        return authority.get("optional", False)

    assert (optional("operator"), optional("order")) == (True, False)

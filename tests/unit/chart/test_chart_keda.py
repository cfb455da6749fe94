"""KEDA, whose operator is in another namespace, can find Kafka, may reach it, and signs in as the service does."""

from typing import Any

import pytest

from tests.unit.chart.chart_objects import CHART, Object, containers, environment, named, of_kind, pods, rendered

KEDA = ("--values", str(CHART / "ci" / "keda-values.yaml"))
STRIMZI = (*KEDA, "--values", str(CHART / "values-strimzi.yaml"))
EXTERNAL = (*KEDA, "--values", str(CHART / "values-external.yaml"))
PLAIN = (
    *EXTERNAL,
    "--set",
    "kafka.external.securityProtocol=PLAINTEXT,kafka.external.caSecret=,kafka.external.adminUsername=",
)


def lag(objects: tuple[Object, ...], service: str) -> Any:
    """The first trigger on a topic."""
    return next(each for each in named(objects, "ScaledObject", service)["spec"]["triggers"] if each["type"] == "kafka")


@pytest.mark.parametrize(
    ("arguments", "bootstrap"),
    [
        (KEDA, "kafka.shop.svc:9092"),
        (STRIMZI, "mercato-kafka-bootstrap.shop.svc:9093"),
        ((*STRIMZI, "--set", "kafka.strimzi.namespace=kafka"), "mercato-kafka-bootstrap.kafka.svc:9093"),
        (EXTERNAL, "kafka-1.example.com:9094,kafka-2.example.com:9094"),
    ],
)
def test_the_brokers_have_a_name_that_holds_in_every_namespace(arguments: tuple[str, ...], bootstrap: str) -> None:
    assert lag(rendered(*arguments), "order")["metadata"]["bootstrapServers"] == bootstrap


def test_the_bundled_broker_tells_clients_that_name_too() -> None:
    for arguments, host in ((KEDA, "kafka.shop.svc"), ((), "kafka")):
        (container,) = containers(dict(pods(rendered(*arguments)))["kafka"])
        assert environment(container)["KAFKA_ADVERTISED_HOST"] == host


def test_the_bundled_broker_lets_keda_in_where_it_scales() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}
    for arguments, let_in in ((KEDA, True), ((), False)):
        rules = named(rendered(*arguments), "NetworkPolicy", "mercato-kafka")["spec"]["ingress"]
        assert ({"from": [peer], "ports": [{"port": 9092}]} in rules) is let_in


def test_it_signs_in_with_what_the_service_signs_in_with() -> None:
    objects = rendered(*EXTERNAL)
    trigger = lag(objects, "order")
    assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
    spec = named(objects, "TriggerAuthentication", trigger["authenticationRef"]["name"])["spec"]
    assert spec["env"] == [{"parameter": "username", "name": "MERCATO_KAFKA_USERNAME", "containerName": "order"}]
    assert spec["secretTargetRef"] == [
        {"parameter": "password", "name": "mercato-kafka-users", "key": "order"},
        {"parameter": "ca", "name": "kafka-ca", "key": "ca.crt"},
    ]


def test_it_reads_no_secret_where_brokers_ask_for_nothing() -> None:
    objects = rendered(*PLAIN)
    trigger = lag(objects, "order")
    assert "authenticationRef" not in trigger
    assert trigger["metadata"]["tls"] == "disable"
    assert not of_kind(objects, "TriggerAuthentication")

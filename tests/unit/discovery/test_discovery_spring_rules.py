"""Which port is told, whether it is secure, and what is said of a service."""

import pytest

from services.chassis.kube.service_ports import Port, choose_port
from services.discovery.spring import is_secure, metadata


@pytest.mark.parametrize(
    ("ports", "labels", "chosen"),
    [
        ([], {}, None),
        ([("", 80)], {"primary-port-name": "other"}, ("", 80)),
        ([("metrics", 9090), ("web", 80), ("http", 81)], {"primary-port-name": "web"}, ("web", 80)),
        ([("http", 80), ("https", 443)], {}, ("https", 443)),
        ([("metrics", 9090), ("http", 8080)], {"primary-port-name": "gone"}, ("http", 8080)),
        ([("metrics", 9090), ("web", 8080)], {}, ("metrics", 9090)),
    ],
)
def test_the_only_port_then_the_labelled_one_then_https_http_and_the_first(
    ports: list[Port], labels: dict[str, str], chosen: Port | None
) -> None:
    assert choose_port(ports, labels) == chosen


@pytest.mark.parametrize(
    ("port", "labels", "annotations", "secure"),
    [
        (("http", 80), {}, {}, False),
        (("http", 80), {"secured": "True"}, {}, True),
        (("http", 80), {}, {"secured": "on"}, True),
        (("http", 80), {"secured": "no"}, {}, False),
        (("web", 8443), {}, {}, True),
        (("https", 8080), {}, {}, True),
    ],
)
def test_secure_is_said_or_follows_from_number_and_name(
    port: Port, labels: dict[str, str], annotations: dict[str, str], secure: bool
) -> None:
    assert is_secure(port, labels, annotations) is secure


def test_metadata_has_labels_and_annotations_but_not_the_last_applied_configuration() -> None:
    service = {
        "metadata": {
            "namespace": "shop",
            "labels": {"team": "a"},
            "annotations": {"note": "b", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "spec": {"type": "ClusterIP"},
    }
    assert metadata(service, [("http", 8080)]) == {
        "team": "a",
        "note": "b",
        "port.http": "8080",
        "k8s_namespace": "shop",
        "type": "ClusterIP",
    }

"""The NetworkPolicy of a CommerceService: only the paths that exist."""

from typing import Any

from mercato_operator.services.model import CommerceService
from mercato_operator.settings import OperatorSettings

from tests.unit.operator_services.commerce_objects import made, service, whole

COMPONENT = "app.kubernetes.io/component"


def pods(component: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "mercato", COMPONENT: component}}}


BUNDLED = OperatorSettings(
    namespace="shop", config_url="http://config", kafka_peer=pods("kafka"), postgres_peer=pods("postgres")
)


def paths(owner: CommerceService, direction: str, settings: OperatorSettings = BUNDLED) -> set[tuple[str, int]]:
    """(component, cidr or DNS, port)."""
    spec = made(owner, settings)["NetworkPolicy"]["spec"]
    found = set()
    for rule in spec[direction]:
        for peer in rule["from" if direction == "ingress" else "to"]:
            labels = peer.get("podSelector", {}).get("matchLabels", {})
            name = labels.get(COMPONENT) or labels.get("k8s-app") or peer.get("ipBlock", {}).get("cidr")
            found |= {(name, port["port"]) for port in rule["ports"]}
    return found


def test_a_small_service_is_asked_by_the_operator_and_asks_for_its_settings() -> None:
    assert paths(service(), "ingress") == {("operator", 8080)}
    assert paths(service(), "egress") == {("kube-dns", 53), ("config", 8080)}


def test_each_thing_asked_for_opens_one_path() -> None:
    assert paths(whole(port=8000), "ingress") == {("operator", 8000), ("gateway", 8000)}
    assert paths(whole(), "egress") == {
        ("kube-dns", 53),
        ("config", 8080),
        ("customer", 8080),
        ("postgres", 5432),
        ("kafka", 9092),
    }


def test_external_stores_are_reached_on_their_ports_alone() -> None:
    settings = OperatorSettings(
        namespace="shop",
        config_url="http://config",
        kafka_bootstrap="a.example:9094,b.example:9095",
        postgres_host="db.example",
        postgres_port=5433,
        otlp_endpoint="http://collector.example:4318",
        jwks_url="https://issuer.example/keys",
    )
    assert paths(whole(), "egress", settings) == {
        ("kube-dns", 53),
        ("config", 8080),
        *(("0.0.0.0/0", port) for port in (9094, 9095, 5433, 4318, 443)),
    }


def test_the_platform_is_named_by_its_namespace_from_another_one() -> None:
    spec = made(service(namespace="team"), BUNDLED)["NetworkPolicy"]["spec"]
    assert spec["ingress"][0]["from"][0]["namespaceSelector"] == {
        "matchLabels": {"kubernetes.io/metadata.name": "shop"}
    }


def test_who_reads_metrics_and_who_routes_is_the_installations_choice() -> None:
    prometheus, gateway = pods("prometheus"), pods("their-gateway")
    settings = OperatorSettings(namespace="shop", metrics_from=(prometheus,), routes_from=(gateway,))
    assert paths(whole(), "ingress", settings) == {("operator", 8080), ("their-gateway", 8080), ("prometheus", 9090)}


def test_there_is_none_where_the_installation_has_none() -> None:
    assert "NetworkPolicy" not in made(service(), OperatorSettings(namespace="shop", network_policy=False))

"""The NetworkPolicies are the documented matrix, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.chart.chart_objects import CASES, CHART, Object, case, component, name, of_kind, pods, rendered

OPEN = "given-secrets-values"
"""The one case without policies."""
FLOWS = yaml.safe_load((CHART / "files" / "flows.yaml").read_text())["flows"]
CLOSED = [path for path in CASES if path.stem != OPEN]
Flow = tuple[str, str, int]


def documented(objects: tuple[Object, ...], mode: str = "builtin") -> set[Flow]:
    here = {component(pod) for _, pod in pods(objects)}
    return {
        (flow["from"], flow["to"], flow["port"])
        for flow in FLOWS
        if {flow["from"], flow["to"]} <= here and flow.get("onlyWith", mode) == mode
    }


def peers(rule: dict[str, Any], key: str) -> list[str]:
    """Components of the platform that a rule names."""
    found = [peer.get("podSelector", {}).get("matchLabels", {}) for peer in rule.get(key, [])]
    return [labels["app.kubernetes.io/component"] for labels in found if "app.kubernetes.io/component" in labels]


def policies(objects: tuple[Object, ...]) -> dict[str, Object]:
    return {name(each).removeprefix("mercato-"): each["spec"] for each in of_kind(objects, "NetworkPolicy")}


def allowed(objects: tuple[Object, ...], direction: str) -> set[Flow]:
    found: set[Flow] = set()
    for own, spec in policies(objects).items():
        for rule in spec.get(direction, []):
            for peer in peers(rule, "from" if direction == "ingress" else "to"):
                pair = (peer, own) if direction == "ingress" else (own, peer)
                found |= {(*pair, port["port"]) for port in rule["ports"]}
    return found


@pytest.mark.parametrize("path", CLOSED, ids=lambda path: path.stem)
def test_both_ends_allow_exactly_the_documented_flows(path: Path) -> None:
    objects = case(path)
    mode = "gateway-api" if of_kind(objects, "Gateway") and "gateway" not in policies(objects) else "builtin"
    assert allowed(objects, "ingress") == documented(objects, mode)
    assert allowed(objects, "egress") == documented(objects, mode)


@pytest.mark.parametrize("path", CLOSED, ids=lambda path: path.stem)
def test_every_pod_is_under_the_default_deny_and_has_a_policy_of_its_own(path: Path) -> None:
    objects = case(path)
    found = policies(objects)
    deny = found["default-deny"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & deny.keys()
    for _, pod in pods(objects):
        assert deny["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        assert found[component(pod)]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def outside(spec: Object) -> list[tuple[str, int]]:
    """(network, port) of each rule that leads to addresses."""
    return [
        (peer["ipBlock"]["cidr"], port["port"])
        for rule in spec["egress"]
        for peer in rule.get("to", [])
        if "ipBlock" in peer
        for port in rule["ports"]
    ]


def test_only_who_needs_the_api_server_may_reach_it() -> None:
    found = policies(rendered("--set", "networkPolicy.apiServer.cidr=10.1.2.3/32,networkPolicy.apiServer.ports={6443}"))
    reach = {own for own, spec in found.items() if own != "default-deny" and outside(spec)}
    assert reach == {"config", "discovery", "gateway", "operator", "release", "setup"}
    assert outside(found["config"]) == [("10.1.2.3/32", 6443)]


def test_external_parts_are_reached_on_their_own_ports_alone() -> None:
    found = policies(case(CHART / "values-external.yaml"))
    ports = {own: {port for _, port in outside(spec)} for own, spec in found.items() if own != "default-deny"}
    assert ports["order"] == {5432, 9094}
    assert ports["payment"] == {5432, 9094, 443}
    assert ports["notification"] == {5432, 9094, 587}
    assert ports["customer"] == {5432}
    assert ports["gateway"] == {443, 6443}, "the API server"


def test_only_the_gateway_is_open_to_the_world() -> None:
    for own, spec in policies(rendered()).items():
        open_rules = [rule for rule in spec.get("ingress", []) if "from" not in rule]
        assert bool(open_rules) is (own == "gateway"), own


def test_the_gateway_can_be_closed_to_all_but_some() -> None:
    found = policies(case(CHART / "values-production.yaml"))
    assert all("from" in rule for rule in found["gateway"]["ingress"])
    assert {"port": 9090} in found["order"]["ingress"][-1]["ports"]


def test_without_policies_there_are_none() -> None:
    assert not of_kind(case(CHART / "ci" / f"{OPEN}.yaml"), "NetworkPolicy")


def test_services_that_the_operator_makes_find_the_other_end_of_their_paths_open() -> None:
    found = policies(rendered())
    theirs = {"podSelector": {"matchExpressions": [{"key": "mercato.dev/commerce-service", "operator": "Exists"}]}}
    entered = {
        own: [
            port["port"] for rule in spec.get("ingress", []) if theirs in rule.get("from", []) for port in rule["ports"]
        ]
        for own, spec in found.items()
    }
    assert {own: ports for own, ports in entered.items() if ports} == {
        "config": [8080],
        "customer": [8080],
        "kafka": [9092],
        "postgres": [5432],
    }
    leading = {own for own, spec in found.items() for rule in spec.get("egress", []) if theirs in rule["to"]}
    assert leading == {"gateway", "operator"}


def test_services_of_other_namespaces_find_them_open_where_the_operator_sees_to_them() -> None:
    found = policies(rendered("--set", "operator.namespaces={team-a}"))
    peers = [peer for rule in found["config"]["ingress"] for peer in rule["from"] if "namespaceSelector" in peer]
    (where,) = peers[0]["namespaceSelector"]["matchExpressions"]
    assert where == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop", "team-a"]}

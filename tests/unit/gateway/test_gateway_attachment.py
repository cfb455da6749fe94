"""Which objects of a cluster become routes of our Gateway, and what each of them is told."""

from dataclasses import replace
from typing import Any

import pytest

from services.gateway.cluster.attachment import attach
from services.gateway.cluster.listeners import selects
from services.gateway.cluster.objects import CONTROLLER, Cluster
from services.gateway.documents import Documents
from services.gateway.routes import build

KEY = ("shop", "mercato")
Object = dict[str, Any]


def named(name: str, namespace: str = "shop", **content: Any) -> Object:
    metadata = {"name": name, "generation": 1, "creationTimestamp": "2024-01-01T00:00:00Z"}
    return {"metadata": metadata | ({"namespace": namespace} if namespace else {}), **content}


def by_key(*objects: Object) -> dict[tuple[str, str], Object]:
    return {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in objects}


def route(name: str, namespace: str = "shop", *, parent: Object | None = None, **spec: Any) -> Object:
    rules = [
        {"matches": [{"path": {"type": "Exact", "value": f"/{name}"}}], "backendRefs": [{"name": "order", "port": 80}]}
    ]
    return named(name, namespace, spec={"parentRefs": [{"name": "mercato", **(parent or {})}], "rules": rules, **spec})


def cluster(*routes: Object, controller: str = CONTROLLER, listener: Object | None = None, **others: Any) -> Cluster:
    listeners = [{"name": "http", "protocol": "HTTP", "port": 80, **(listener or {})}]
    order: Object = {"spec": {"ports": [{"name": "http", "port": 80}]}}
    return Cluster(
        classes=by_key(named("ours", "", spec={"controllerName": controller})),
        gateways=by_key(named("mercato", spec={"gatewayClassName": "ours", "listeners": listeners})),
        routes=by_key(*routes),
        services=by_key(named("order", **order), named("order", "bank", **order)),
        **others,
    )


def attached(found: Cluster) -> tuple[Documents, dict[str, dict[str, str]]]:
    """The documents, and of each route the reasons of its conditions."""
    documents, statuses = attach(found, KEY, frozenset({80}))
    told: dict[str, dict[str, str]] = {}
    for status in statuses:
        if status.resource.plural == "httproutes":
            for parent in status.content["parents"]:
                reasons = {one["type"]: one["reason"] for one in parent["conditions"]}
                told[status.observed["metadata"]["name"]] = reasons
    return documents, told


def test_a_class_of_another_controller_is_none_of_our_business() -> None:
    documents, statuses = attach(cluster(route("orders"), controller="example.dev/other"), KEY, frozenset({80}))
    assert not documents.routes
    assert not statuses
    assert documents.refused[0].document == "Gateway/mercato"


def test_a_route_of_another_gateway_is_left_alone() -> None:
    documents, told = attached(cluster(route("orders", parent={"name": "other"}), route("mine")))
    assert [one.metadata.name for one in documents.routes] == ["mine"]
    assert set(told) == {"mine"}
    assert not documents.refused


@pytest.mark.parametrize(
    ("parent", "reason"),
    [
        ({"sectionName": "http"}, "Accepted"),
        ({"port": 80}, "Accepted"),
        ({"sectionName": "https"}, "NoMatchingParent"),
        ({"port": 443}, "NoMatchingParent"),
    ],
)
def test_a_parent_may_be_one_listener(parent: Object, reason: str) -> None:
    assert attached(cluster(route("orders", parent=parent)))[1]["orders"]["Accepted"] == reason


@pytest.mark.parametrize(
    ("namespaces", "reason"),
    [
        ({}, "NotAllowedByListeners"),
        ({"from": "Same"}, "NotAllowedByListeners"),
        ({"from": "None"}, "NotAllowedByListeners"),
        ({"from": "All"}, "Accepted"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "bank"}}}, "Accepted"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}, "NotAllowedByListeners"),
    ],
)
def test_routes_of_other_namespaces_need_the_listeners_leave(namespaces: Object, reason: str) -> None:
    guest = route("guest", "bank", parent={"namespace": "shop"})
    labelled = by_key(named("bank", ""))
    labelled["", "bank"]["metadata"]["labels"] = {"team": "bank"}
    found = cluster(guest, listener={"allowedRoutes": {"namespaces": namespaces}}, namespaces=labelled)
    documents, told = attached(found)
    assert told["guest"]["Accepted"] == reason
    assert len(documents.routes) == (reason == "Accepted")


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ({"key": "team", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "team", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "other", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "operator": "DoesNotExist"}, False),
    ],
)
def test_a_selector_may_have_expressions(expression: Object, selected: bool) -> None:
    assert selects({"matchExpressions": [expression]}, {"team": "a"}) is selected


def test_routes_of_the_same_name_in_two_namespaces_have_their_own_backends() -> None:
    guest = route("orders", "bank", parent={"namespace": "shop"})
    guest["spec"]["rules"][0]["matches"][0]["path"]["value"] = "/guest"
    found = cluster(route("orders"), guest, listener={"allowedRoutes": {"namespaces": {"from": "All"}}})
    documents, _ = attached(found)
    assert sorted(one.metadata.name for one in documents.routes) == ["bank/orders", "orders"]
    assert build(documents, documents.backends or frozenset(), "mercato").backends == ("order", "order.bank")


def test_a_listener_only_for_other_kinds_takes_no_route() -> None:
    kinds = {"allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}
    assert attached(cluster(route("orders"), listener=kinds))[1]["orders"]["Accepted"] == "NotAllowedByListeners"


def test_what_is_not_supported_is_named_and_the_neighbour_is_not_harmed() -> None:
    documents, told = attached(cluster(route("hosts", hostnames=["a.example"]), route("plain")))
    assert told["hosts"]["Accepted"] == "UnsupportedValue"
    assert [one.metadata.name for one in documents.routes] == ["plain"]
    assert "spec.hostnames" in documents.refused[0].reason


def test_a_backend_that_is_missing_keeps_its_share_which_is_answered_with_500() -> None:
    both = route("both")
    both["spec"]["rules"][0]["backendRefs"].append({"name": "nobody", "port": 80})
    documents, told = attached(cluster(both))
    assert told["both"] == {"Accepted": "Accepted", "ResolvedRefs": "BackendNotFound"}
    (rule,) = documents.routes[0].spec.rules
    assert [one.name for one in rule.backend_refs] == ["order", "shop/nobody"]
    assert "shop/nobody" not in (documents.backends or ())


def test_a_policy_of_another_namespace_is_ours_only_where_its_target_is() -> None:
    spec = {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "orders"}]}
    policies = by_key(named("near", spec=spec), named("far", "bank", spec=spec))
    documents, statuses = attach(cluster(route("orders"), policies=policies), KEY, frozenset({80}))
    assert [one.metadata.name for one in documents.policies] == ["near"]
    told = [one.observed["metadata"]["name"] for one in statuses if one.resource.plural == "gatewaypolicies"]
    assert told == ["near"]


@pytest.mark.parametrize(("port", "reason"), [(80, "ResolvedRefs"), (81, "BackendNotFound")])
def test_its_own_service_is_this_process_at_any_of_its_ports(port: int, reason: str) -> None:
    docs = route("docs")
    docs["spec"]["rules"][0]["backendRefs"] = [{"name": "gateway", "port": port}]
    ports = [{"name": "http", "port": 80}, {"name": "control", "port": 8081}]
    own = named("gateway", spec={"ports": ports})
    own["metadata"]["labels"] = {"primary-port-name": "control"}
    found = cluster(docs)
    documents, told = attached(replace(found, services={**found.services, **by_key(own)}))
    assert told["docs"]["ResolvedRefs"] == reason
    assert documents.routes[0].spec.rules[0].backend_refs[0].name == ("gateway" if port == 80 else "shop/gateway")

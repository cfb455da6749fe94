"""The gateway's routes, rights and certificate, in each mode and from each source."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.chart.chart_objects import (
    CASES,
    CHART,
    ROOT,
    Object,
    case,
    component,
    containers,
    environment,
    name,
    named,
    of_kind,
    pods,
    rendered,
    run,
)

ROUTES = ROOT / "gateway-config"
DEFINITIONS = ROOT / "operator" / "crds"
OTHER = CHART / "ci" / "gateway-api-values.yaml"
OBJECTS = ("--set", "gateway.source=kubernetes")
STANDARD = {"Gateway", "HTTPRoute"}


def documents(kind: str) -> Iterator[Object]:
    for path in sorted(ROUTES.glob("*.yaml")):
        yield from (each for each in yaml.safe_load_all(path.read_text()) if each["kind"] == kind)


def specs(objects: Any) -> dict[str, Any]:
    return {name(each): each["spec"] for each in objects}


def control_plane(objects: tuple[Object, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    """Its environment, and its mounts: name of the volume → path."""
    pod = dict(pods(objects))["gateway"]
    found = next(each for each in containers(pod) if each["name"] == "control-plane")
    return environment(found), {each["name"]: each["mountPath"] for each in found["volumeMounts"]}


def test_the_routes_are_those_of_one_machine() -> None:
    files = {path.name: path.read_text() for path in ROUTES.glob("*.yaml")}
    assert named(rendered(), "ConfigMap", "gateway-routes")["data"] == files


@pytest.mark.parametrize("kind", ["HTTPRoute", "GatewayPolicy"])
def test_as_objects_they_are_the_same_routes_and_policies(kind: str) -> None:
    objects = rendered(*OBJECTS)
    assert specs(of_kind(objects, kind)) == specs(documents(kind))
    assert "gateway-routes" not in {name(each) for each in of_kind(objects, "ConfigMap")}


def test_as_objects_they_have_a_gateway_of_our_class_whatever_another_implementation_would_get() -> None:
    values = "gateway.gatewayApi.hostname=shop.example.com,gateway.gatewayApi.tlsSecretName=t"
    objects = rendered(*OBJECTS, "--set", values)
    gateway = named(objects, "Gateway", "mercato")["spec"]
    assert gateway["listeners"] == [{"name": "http", "protocol": "HTTP", "port": 80}]
    assert named(objects, "GatewayClass", gateway["gatewayClassName"])["spec"] == {
        "controllerName": "mercato.dev/gateway"
    }
    assert control_plane(objects)[0]["MERCATO_NAMESPACES"] == '["shop"]'


@pytest.mark.parametrize("source", ["configmap", "files", "kubernetes"])
def test_the_control_plane_has_what_its_source_needs_and_no_more(source: str) -> None:
    objects = rendered("--set", f"gateway.source={source}")
    variables, mounts = control_plane(objects)
    assert variables["MERCATO_SOURCE"] == source
    assert mounts.get("routes") == variables.get("MERCATO_GATEWAY_DIRECTORY")
    assert ("routes" in mounts) is (source == "files")
    roles = {
        each["kind"] for each in of_kind(objects, "Role", "ClusterRole") if name(each).startswith("mercato-gateway")
    }
    assert roles == {"configmap": {"Role"}, "files": set(), "kubernetes": {"Role", "ClusterRole"}}[source]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_who_has_a_token_has_rights_and_who_has_rights_has_a_token(path: Path) -> None:
    objects = case(path)
    tokens = {
        pod["spec"]["serviceAccountName"] for _, pod in pods(objects) if pod["spec"]["automountServiceAccountToken"]
    }
    bound = {
        subject["name"]
        for each in of_kind(objects, "RoleBinding", "ClusterRoleBinding")
        for subject in each["subjects"]
        if subject["namespace"] == "shop"
    }
    assert tokens == bound


def test_a_certificate_is_mounted_where_both_parts_look_for_it() -> None:
    objects = rendered("--set", "gateway.tls.secretName=shop-tls")
    variables, mounts = control_plane(objects)
    pod = dict(pods(objects))["gateway"]
    envoy = next(each for each in containers(pod) if each["name"] == "envoy")
    assert {"name": "tls", "mountPath": "/etc/mercato/tls", "readOnly": True} in envoy["volumeMounts"]
    assert mounts["tls"] == variables["MERCATO_ENVOY_TLS_DIRECTORY"] == "/etc/mercato/tls"
    assert {"name": "tls", "secret": {"secretName": "shop-tls"}} in pod["spec"]["volumes"]
    (port,) = [each for each in named(objects, "Service", "gateway")["spec"]["ports"] if each["name"] == "https"]
    assert (port["port"], str(port["targetPort"])) == (443, variables["MERCATO_ENVOY_TLS_PORT"])
    ingress = named(objects, "NetworkPolicy", "mercato-gateway")["spec"]["ingress"]
    assert {"ports": [{"port": 8080}, {"port": 8443}]} in ingress


def test_without_a_certificate_nothing_speaks_of_tls() -> None:
    gateway = [each for each in rendered() if "gateway" in name(each)]
    assert "8443" not in str(gateway)
    assert "MERCATO_ENVOY_TLS" not in str(gateway)


def test_another_implementation_gets_every_route_and_only_standard_objects() -> None:
    objects = case(OTHER)
    # Without those of the control plane, which is not there.
    assert specs(of_kind(objects, "HTTPRoute")) == {
        route: spec for route, spec in specs(documents("HTTPRoute")).items() if route != "docs"
    }
    gateway = named(objects, "Gateway", "mercato")["spec"]
    assert gateway["gatewayClassName"] == "other"
    assert gateway["listeners"][0]["hostname"] == "shop.example.com"
    ours = of_kind(objects, "GatewayPolicy")
    assert not [name(each) for each in (*ours, *of_kind(objects, "GatewayClass"))]


def test_for_another_implementation_nothing_of_our_gateway_is_left() -> None:
    objects = case(OTHER)
    assert "gateway" not in {component(pod) for _, pod in pods(objects)}
    left = [
        f"{each['kind']}/{name(each)}"
        for each in objects
        if each["kind"] not in STANDARD
        and (
            each["metadata"]["labels"]["app.kubernetes.io/component"] == "gateway"
            or name(each) in {"gateway", "gateway-kubernetes", "gateway-instances", "gateway-routes", "mercato-gateway"}
        )
    ]
    assert not left


def test_the_example_for_another_implementation_names_its_class_and_lets_its_proxies_in() -> None:
    folder = ROOT / "k8s" / "gateway-api"
    objects = case(folder / "values.yaml")
    example = yaml.safe_load((folder / "gatewayclass.yaml").read_text())
    assert named(objects, "Gateway", "mercato")["spec"]["gatewayClassName"] == name(example)
    for service in ("customer", "product", "order", "payment", "notification"):
        ingress = named(objects, "NetworkPolicy", f"mercato-{service}")["spec"]["ingress"]
        assert "envoy-gateway-system" in str(ingress)


def test_the_definitions_have_one_source_which_helm_follows() -> None:
    links = sorted((CHART / "crds").iterdir())
    assert [link.name for link in links] == sorted(each.name for each in DEFINITIONS.iterdir())
    for link in links:
        assert link.is_symlink()
        assert link.resolve() == DEFINITIONS / link.name
    shown = [each for each in yaml.safe_load_all(run("show", "crds", str(CHART)).stdout) if each]
    assert sorted(shown, key=name) == sorted((yaml.safe_load(link.read_text()) for link in links), key=name)


def test_the_default_mode_needs_no_definition_but_the_charts_own_and_little_beyond_its_namespace() -> None:
    objects = rendered()
    groups = {each["apiVersion"].rpartition("/")[0] for each in objects}
    assert [group for group in groups if "." in group and not group.endswith(".k8s.io")] == ["mercato.dev"]
    assert not of_kind(objects, "GatewayPolicy")
    assert "gateway.networking.k8s.io" not in groups
    beyond = {each["kind"] for each in objects if each["metadata"].get("namespace") != "shop"}
    assert beyond == {"ClusterRole", "ClusterRoleBinding"}, "the operator's, for its definitions"
    without = rendered("--set", "operator.definitions=false")
    assert {each["metadata"].get("namespace") for each in without} == {"shop"}

"""Routes added and broken while the platform runs, from the chart's ConfigMap and as objects of the Gateway API."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from tests.cluster.platform.measures import Measured
from tests.cluster.platform.release import CHART, NAME, Object, Release, until
from tests.cluster.platform.web import read_text, status
from tests.support.api_server import gateway_definitions

WORKS_WITHIN = 2.0
KEY = "extra.yaml"


def route(name: str, path: str, **rule: Any) -> Object:
    """To the product service's own liveness, without a token (by the policy below)."""
    rules = [
        {"matches": [{"path": {"type": "Exact", "value": path}}], "backendRefs": [{"name": "product", "port": 80}]}
    ]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": "mercato"}], "rules": [{**rules[0], **rule}]},
    }


def policy(name: str) -> Object:
    target = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": name}
    return {
        "apiVersion": "mercato.dev/v1alpha1",
        "kind": "GatewayPolicy",
        "metadata": {"name": name},
        "spec": {"targetRefs": [target], "token": "NotRequired"},
    }


@contextmanager
def documents(release: Release, *objects: Object) -> Iterator[float]:
    """These beside the others in the ConfigMap of the routes. Gives the moment they were there."""
    text = "---\n".join(yaml.safe_dump(each) for each in objects)
    _patch(release, {KEY: text})
    try:
        yield time.monotonic()
    finally:
        _patch(release, {KEY: None})


def _patch(release: Release, data: dict[str, Any]) -> None:
    release.kubectl("patch", "configmap", "gateway-routes", "--type=merge", "-p", json.dumps({"data": data}))


def test_a_new_route_works_within_two_seconds_and_goes_as_it_came(settled: Release, measured: Measured) -> None:
    with settled.forwarded("svc/gateway", 80) as gateway:
        assert status(f"{gateway}/livez") == 404
        with documents(settled, route("extra", "/livez"), policy("extra")) as at:
            until(lambda: status(f"{gateway}/livez") == 200, WORKS_WITHIN, "the new route works", every=0.05)
            measured("a new route in the ConfigMap works", f"{time.monotonic() - at:.2f} s")
        until(lambda: status(f"{gateway}/livez") == 404, WORKS_WITHIN, "the route is gone", every=0.05)


def test_a_bad_route_is_named_and_harms_no_other(settled: Release) -> None:
    bad = route("bad", "/bad", filters=[{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "order"}}}])
    with (
        settled.forwarded("svc/gateway", 80) as gateway,
        settled.forwarded("svc/gateway", 8081) as control,
        documents(settled, bad, route("extra", "/livez"), policy("extra")),
    ):
        until(lambda: status(f"{gateway}/livez") == 200, WORKS_WITHIN, "its neighbour works", every=0.05)
        assert status(f"{gateway}/bad") == 404
        assert status(f"{gateway}/api/v1/products?limit=1") == 200
        told = read_text(f"{control}/routes")
        assert "bad" in told
        assert "requestMirror" in told


def test_a_configmap_that_is_no_yaml_leaves_the_other_documents_alone(settled: Release) -> None:
    with settled.forwarded("svc/gateway", 80) as gateway:
        _patch(settled, {KEY: "kind: [\n"})
        try:
            with settled.forwarded("svc/gateway", 8081) as control:
                until(lambda: KEY in read_text(f"{control}/routes"), WORKS_WITHIN + 1, "the document is named")
            assert status(f"{gateway}/api/v1/products?limit=1") == 200
        finally:
            _patch(settled, {KEY: None})


@pytest.fixture
def from_objects(settled: Release) -> Iterator[Release]:
    """The release with its routes as objects of the Gateway API."""
    definitions = gateway_definitions()
    if isinstance(definitions, str):
        pytest.skip(definitions)
    settled.kubectl("apply", "--server-side", "-f", str(definitions))
    settled.kubectl(
        "apply", "--server-side", "-f", str(CHART.parent.parent / "operator" / "crds" / "gatewaypolicy.yaml")
    )
    settled.helm("upgrade", NAME, str(CHART), "--set=gateway.source=kubernetes", "--wait", "--timeout=3m")
    try:
        yield settled
    finally:
        settled.kubectl("delete", "httproute,gatewaypolicy", "extra", "bad", "--ignore-not-found")
        settled.helm("rollback", NAME, "--wait", "--timeout=3m")


@pytest.mark.long
def test_routes_as_objects_work_within_two_seconds_and_get_their_conditions(
    from_objects: Release, measured: Measured
) -> None:
    release = from_objects
    with release.forwarded("svc/gateway", 80) as gateway:
        until(lambda: status(f"{gateway}/api/v1/products?limit=1") == 200, 20, "the shipped routes work")
        release.apply(policy("extra"), route("extra", "/livez"))
        at = time.monotonic()
        until(lambda: status(f"{gateway}/livez") == 200, WORKS_WITHIN, "the new route works", every=0.05)
        measured("a new HTTPRoute works", f"{time.monotonic() - at:.2f} s")
        mirrored = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "order", "port": 80}}}
        release.apply(route("bad", "/bad", filters=[mirrored]))
        refused = until(lambda: condition(release, "bad", "Accepted"), 10, "the bad route has its condition")
        assert refused["status"] == "False"
        assert refused["reason"] == "UnsupportedValue"
        assert "requestMirror" in refused["message"]
        assert condition(release, "extra", "Accepted")["status"] == "True"
        assert condition(release, "orders", "Accepted")["status"] == "True"
        assert status(f"{gateway}/livez") == 200
        assert status(f"{gateway}/api/v1/products?limit=1") == 200
    assert "CONFIRMED" in release.mercato("demo").stdout


def condition(release: Release, name: str, kind: str) -> Object:
    parents = release.object("httproute", name).get("status", {}).get("parents", [])
    return next((each for parent in parents for each in parent["conditions"] if each["type"] == kind), {})

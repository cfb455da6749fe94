"""The gateway's control plane over objects of the Gateway API on a real API server, with the rights it documents."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from services.gateway.settings import GatewaySettings
from tests.cluster.backends.conftest import Users, new_namespace
from tests.cluster.backends.control_plane import ControlPlane, running
from tests.cluster.backends.gateway_objects import API, gateway, gateway_class, policy, route, service
from tests.support.administrator import Administrator
from tests.support.api_server import ApiServer
from tests.support.serving import until

RIGHTS: list[Any] = [
    {
        "apiGroups": [API],
        "resources": ["gatewayclasses", "gateways", "httproutes", "referencegrants"],
        "verbs": ["list", "watch"],
    },
    {
        "apiGroups": [API],
        "resources": ["gatewayclasses/status", "gateways/status", "httproutes/status"],
        "verbs": ["patch"],
    },
    {"apiGroups": ["mercato.dev"], "resources": ["gatewaypolicies"], "verbs": ["list", "watch"]},
    {"apiGroups": ["mercato.dev"], "resources": ["gatewaypolicies/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["services", "namespaces"], "verbs": ["list", "watch"]},
]
SHIPPED = Path(__file__).parents[3] / "gateway-config"


@pytest.fixture
async def plane(  # noqa: PLR0917 - fixtures
    kinds: None,
    admin: Administrator,
    users: Users,
    namespace: str,
    http: aiohttp.ClientSession,
    settings: Callable[..., GatewaySettings],
) -> AsyncIterator[ControlPlane]:
    """With a class, a Gateway, the Service order and the route `first` to it, at /first."""
    await admin.grant("gateway", None, RIGHTS)
    for content in (gateway_class(namespace), gateway(namespace, f"mercato-{namespace}"), service(namespace)):
        await admin.put(content)
    await admin.put(route(namespace, "first", "/first"))
    users.become("gateway")
    async with running(settings(), http, admin) as started:
        await started.tells(route(namespace, "first", "/first"), "Accepted", "Accepted", 20)
        yield started


async def test_class_gateway_listener_and_route_are_accepted_with_their_generation(plane: ControlPlane) -> None:
    own_class = gateway_class(plane.namespace)
    own_gateway = gateway(plane.namespace, own_class["metadata"]["name"])
    assert (await plane.tells(own_class, "Accepted", "Accepted"))["status"] == "True"
    assert (await plane.tells(own_gateway, "Accepted", "Accepted"))["observedGeneration"] == 1
    assert (await plane.tells(own_gateway, "Programmed", "Programmed"))["status"] == "True"
    (listener,) = (await plane.admin.get(own_gateway))["status"]["listeners"]
    assert (listener["attachedRoutes"], listener["supportedKinds"]) == (1, [{"group": API, "kind": "HTTPRoute"}])
    first = route(plane.namespace, "first", "/first")
    assert (await plane.tells(first, "ResolvedRefs", "ResolvedRefs"))["status"] == "True"
    (parent,) = (await plane.admin.get(first))["status"]["parents"]
    assert parent["controllerName"] == "mercato.dev/gateway"
    assert await plane.paths() == ["/first"]
    assert "/first" in (plane.envoy / "routes" / "without-keys.json").read_text()


async def test_a_new_route_works_within_2_seconds_and_a_change_has_its_generation(plane: ControlPlane) -> None:
    await plane.admin.put(route(plane.namespace, "second", "/second"))

    async def there() -> bool:
        return await plane.line("/second") is not None

    await until(there, 2)
    changed = route(plane.namespace, "second", "/other")
    await plane.admin.put(changed)

    async def observed() -> bool:
        # The routes' files come before the status: the first one may not be written yet.
        accepted = (await plane.conditions(changed)).get("Accepted", {})
        return bool(accepted.get("observedGeneration") == 2)

    await until(observed, 5)
    assert await plane.paths() == ["/first", "/other"]
    await plane.admin.delete(changed)

    async def gone() -> bool:
        return await plane.paths() == ["/first"]

    await until(gone, 2)


async def test_a_bad_route_gets_its_reason_and_harms_no_other(plane: ControlPlane, namespace: str) -> None:
    hosts = route(namespace, "hosts", "/hosts", spec={"hostnames": ["shop.example"]})
    await plane.admin.put(hosts)
    assert "spec.hostnames" in (await plane.tells(hosts, "Accepted", "UnsupportedValue"))["message"]
    section = route(namespace, "section", "/section", parent={"sectionName": "other"})
    await plane.admin.put(section)
    await plane.tells(section, "Accepted", "NoMatchingParent")
    missing = route(namespace, "missing", "/missing", backend={"name": "nobody"})
    await plane.admin.put(missing)
    assert "Service" in (await plane.tells(missing, "ResolvedRefs", "BackendNotFound"))["message"]
    assert (await plane.conditions(missing))["Accepted"]["status"] == "True"
    port = route(namespace, "port", "/port", backend={"port": 81})
    await plane.admin.put(port)
    await plane.tells(port, "ResolvedRefs", "BackendNotFound")
    kind = route(namespace, "kind", "/kind", backend={"group": "example.dev", "kind": "Bucket"})
    await plane.admin.put(kind)
    await plane.tells(kind, "ResolvedRefs", "InvalidKind")
    assert await plane.paths() == ["/first", "/kind", "/missing", "/port"]
    assert "answer" not in await plane.line("/first")
    assert [(await plane.line(path))["answer"] for path in ("/kind", "/missing", "/port")] == [500, 500, 500]
    refused = {one["document"] for one in (await plane.table())["refused"]}
    assert {"HTTPRoute/hosts", "HTTPRoute/section"} <= refused


async def test_a_service_that_comes_later_resolves_the_route(plane: ControlPlane, namespace: str) -> None:
    late = route(namespace, "late", "/late", backend={"name": "late"})
    await plane.admin.put(late)
    before = await plane.tells(late, "ResolvedRefs", "BackendNotFound")
    await plane.admin.put(service(namespace, "late"))
    after = await plane.tells(late, "ResolvedRefs", "ResolvedRefs")
    assert (before["status"], after["status"]) == ("False", "True")


async def test_a_backend_of_another_namespace_needs_a_grant(plane: ControlPlane, namespace: str) -> None:
    other = await new_namespace(plane.admin)
    await plane.admin.put(service(other))
    across = route(namespace, "across", "/across", backend={"namespace": other})
    await plane.admin.put(across)
    await plane.tells(across, "ResolvedRefs", "RefNotPermitted")
    assert (await plane.line("/across"))["answer"] == 500
    grant = {
        "apiVersion": f"{API}/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": "shop", "namespace": other},
        "spec": {
            "from": [{"group": API, "kind": "HTTPRoute", "namespace": namespace}],
            "to": [{"group": "", "kind": "Service", "name": "order"}],
        },
    }
    await plane.admin.put(grant)
    await plane.tells(across, "ResolvedRefs", "ResolvedRefs")
    assert (await plane.line("/across"))["backends"][0]["name"] == f"order.{other}"
    await plane.admin.delete(grant)
    await plane.tells(across, "ResolvedRefs", "RefNotPermitted")


async def test_routes_of_other_namespaces_come_in_as_the_listener_allows(plane: ControlPlane, namespace: str) -> None:
    other = await new_namespace(plane.admin, team="shop")
    await plane.admin.put(service(other))
    guest = route(other, "guest", "/guest", parent={"namespace": namespace})
    await plane.admin.put(guest)
    await plane.tells(guest, "Accepted", "NotAllowedByListeners")
    assert await plane.line("/guest") is None
    for team, reason in (("bank", "NotAllowedByListeners"), ("shop", "Accepted")):
        allowed = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": team}}}}
        await plane.admin.put(gateway(namespace, f"mercato-{namespace}", allowedRoutes=allowed))
        await plane.tells(guest, "Accepted", reason)
    assert (await plane.line("/guest"))["name"] == f"{other}/guest/0"
    assert (await plane.line("/guest"))["backends"][0]["name"] == f"order.{other}"


async def test_a_listener_that_cannot_be_honoured_is_named(plane: ControlPlane, namespace: str) -> None:
    own = gateway(namespace, f"mercato-{namespace}", protocol="TCP", port=443)
    await plane.admin.put(own)
    await plane.tells(own, "Accepted", "ListenersNotValid")
    await plane.tells(own, "Programmed", "Invalid")
    (listener,) = (await plane.admin.get(own))["status"]["listeners"]
    assert {one["type"]: one["reason"] for one in listener["conditions"]}["Accepted"] == "UnsupportedProtocol"
    await plane.tells(route(namespace, "first", "/first"), "Accepted", "NoMatchingParent")


async def test_policies_are_applied_and_told_whether_they_are(plane: ControlPlane, namespace: str) -> None:
    open_to_all = policy(namespace, "open", {"kind": "HTTPRoute", "name": "first"}, token="NotRequired")
    lost = policy(namespace, "lost", {"kind": "HTTPRoute", "name": "nowhere"}, token="NotRequired")
    for content in (open_to_all, lost):
        await plane.admin.put(content)
    await plane.tells(open_to_all, "Accepted", "Accepted")
    await plane.tells(lost, "Accepted", "TargetNotFound")
    assert (await plane.line("/first"))["token_required"] is False


async def test_the_shipped_routes_are_taken_whole_and_make_the_table_they_make_as_files(
    plane: ControlPlane,
    namespace: str,
    settings: Callable[..., GatewaySettings],
    tmp_path: Path,
) -> None:
    await plane.admin.delete(route(namespace, "first", "/first"))
    for name in ("customer", "product", "payment", "notification", "gateway"):
        await plane.admin.put(service(namespace, name))
    shipped = [one for path in sorted(SHIPPED.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    for content in shipped:
        content["metadata"]["namespace"] = namespace
        await plane.admin.put(content)
    for content in shipped:
        await plane.tells(content, "Accepted", "Accepted", 10)
        if content["kind"] == "HTTPRoute":
            await plane.tells(content, "ResolvedRefs", "ResolvedRefs")
    from_files = settings(source="files", gateway_directory=SHIPPED, envoy_directory=tmp_path / "other")
    async with running(from_files, plane.http, plane.admin) as other:

        async def same() -> bool:
            mine, theirs = await plane.table(), await other.table()
            return bool(mine["limits"] == theirs["limits"] and _by_name(mine) == _by_name(theirs))

        await until(same)
    assert (await plane.table())["refused"] == []


def _by_name(table: Any) -> Any:
    """Routes of the same precedence differ in age, and so in their order."""
    return sorted(table["routes"], key=lambda line: (line["name"], line["path"]["value"], line["method"] or ""))


async def test_other_controllers_entries_stay_and_ours_go_with_the_reference(
    plane: ControlPlane, namespace: str
) -> None:
    first = route(namespace, "first", "/first")
    found = await plane.admin.get(first)
    theirs = {
        "parentRef": {"name": "other"},
        "controllerName": "example.dev/other",
        "conditions": [
            {
                "type": "Accepted",
                "status": "True",
                "reason": "Accepted",
                "message": "",
                "lastTransitionTime": "2024-01-01T00:00:00Z",
            }
        ],
    }
    status = {**first, "status": {"parents": [theirs, *found["status"]["parents"]]}}
    del status["spec"]
    await plane.admin.put(status, status=True)
    await plane.admin.put(route(namespace, "first", "/first", parent={"name": "other"}))

    async def only_theirs() -> bool:
        parents = (await plane.admin.get(first))["status"]["parents"]
        return [one["controllerName"] for one in parents] == ["example.dev/other"]

    await until(only_theirs, 5)


async def test_a_status_is_written_only_when_it_changes(plane: ControlPlane, namespace: str) -> None:
    first = route(namespace, "first", "/first")
    version = (await plane.admin.get(first))["metadata"]["resourceVersion"]
    second = route(namespace, "second", "/second")
    await plane.admin.put(second)
    await plane.tells(second, "Accepted", "Accepted")
    assert (await plane.admin.get(first))["metadata"]["resourceVersion"] == version


async def test_while_the_api_server_is_away_the_routes_stay_and_changes_are_seen_after(
    plane: ControlPlane, namespace: str, api: ApiServer
) -> None:
    api.server.kill()
    try:

        async def behind() -> bool:
            return (await plane.table())["behind"] is not None

        await until(behind)
        assert await plane.paths() == ["/first"]
        async with plane.http.get(f"{plane.url}/readyz") as response:
            assert response.status == 200
    finally:
        api.server.spawn()
        await asyncio.to_thread(api.server.wait)
    second = route(namespace, "second", "/second")
    await plane.admin.put(second)
    await plane.tells(second, "Accepted", "Accepted", 10)
    assert await plane.paths() == ["/first", "/second"]


async def test_it_is_not_ready_and_writes_nothing_before_the_first_list(
    users: Users,
    namespace: str,
    admin: Administrator,
    http: aiohttp.ClientSession,
    settings: Callable[..., GatewaySettings],
) -> None:
    users.become("nobody")
    async with running(settings(), http, admin) as plane:

        async def refused() -> bool:
            async with http.get(f"{plane.url}/readyz") as response:
                return response.status == 503 and "forbidden" in await response.text()

        await until(refused)
        assert not (plane.envoy / "routes").exists()

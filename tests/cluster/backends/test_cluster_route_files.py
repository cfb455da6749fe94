"""The gateway's control plane over route files in ConfigMaps of a real API server, with the rights it documents."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client import REGISTRY

from services.gateway.settings import GatewaySettings
from tests.cluster.backends.conftest import Users
from tests.cluster.backends.control_plane import ControlPlane, running
from tests.cluster.backends.gateway_objects import route
from tests.support.administrator import Administrator, Object
from tests.support.serving import until

RIGHTS: list[Any] = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
]
NO_YAML = "kind: [HTTPRoute\n"


def document(name: str, path: str, **changes: Any) -> str:
    return yaml.safe_dump({**route("", name, path, **changes), "metadata": {"name": name}})


def configmap(namespace: str, *, named: str = "gateway-routes", backends: str = "", **texts: str) -> Object:
    """`first="…"` becomes the file `first.yaml`."""
    metadata: Object = {"name": named, "namespace": namespace, "labels": {"mercato.dev/gateway-config": "true"}}
    if backends:
        metadata["annotations"] = {"mercato.dev/backends": backends}
    data = {f"{name}.yaml": text for name, text in texts.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


FIRST = document("first", "/first")
Start = Callable[[], Any]


@pytest.fixture
async def start(
    admin: Administrator,
    users: Users,
    namespace: str,
    http: aiohttp.ClientSession,
    settings: Callable[..., GatewaySettings],
) -> Start:
    """Starts the control plane; the ConfigMap may be there or not."""
    await admin.grant("gateway", namespace, RIGHTS)
    users.become("gateway")

    @asynccontextmanager
    async def started() -> AsyncIterator[ControlPlane]:
        async with running(settings(source="configmap"), http, admin) as plane:
            yield plane

    return started


async def shows(plane: ControlPlane, *paths: str, within: float = 10.0) -> None:
    async def does() -> bool:
        return await plane.paths() == list(paths)

    await until(does, within)


async def readiness(plane: ControlPlane) -> tuple[int, Any]:
    async with plane.http.get(f"{plane.url}/readyz") as response:
        return response.status, await response.json()


async def test_a_new_route_works_within_2_seconds(start: Start, admin: Administrator, namespace: str) -> None:
    await admin.put(configmap(namespace, first=FIRST))
    async with start() as plane:
        await shows(plane, "/first")
        await admin.put(configmap(namespace, first=FIRST, second=document("second", "/second")))
        await shows(plane, "/first", "/second", within=2)
        assert "/second" in (plane.envoy / "routes" / "without-keys.json").read_text()


async def test_a_bad_document_is_told_everywhere_and_harms_no_other(
    start: Start, admin: Administrator, namespace: str
) -> None:
    hosts = document("hosts", "/hosts", spec={"hostnames": ["shop.example"]})
    bad = {"broken": NO_YAML, "hosts": f"{hosts}---\n{document('beside', '/beside')}"}
    await admin.put(configmap(namespace, first=FIRST))
    async with start() as plane:
        await shows(plane, "/first")
        await admin.put(configmap(namespace, first=FIRST, second=document("second", "/second"), **bad))
        await shows(plane, "/beside", "/first", "/second", within=2)

        status, told = await readiness(plane)
        assert status == 200
        assert [one.partition(": ")[0] for one in told["refused"]] == ["broken.yaml#1", "hosts.yaml#1 HTTPRoute/hosts"]
        assert REGISTRY.get_sample_value("mercato_gateway_refused_documents") == 2
        assert "spec.hostnames: this field is not supported" in told["refused"][1]

        async def both_told() -> bool:
            return len(await admin.items(f"/api/v1/namespaces/{namespace}/events")) == 2

        await until(both_told, 5)
        events = await admin.items(f"/api/v1/namespaces/{namespace}/events")
        assert {(one["type"], one["reason"], one["involvedObject"]["name"]) for one in events} == {
            ("Warning", "RefusedDocument", "gateway-routes")
        }
        assert {one["involvedObject"]["uid"] for one in events} == {
            (await admin.get(configmap(namespace)))["metadata"]["uid"]
        }
        assert sorted(one["message"].partition(": ")[0] for one in events) == [
            "broken.yaml#1",
            "hosts.yaml#1 HTTPRoute/hosts",
        ]

        await admin.put(configmap(namespace, first=FIRST))
        await shows(plane, "/first")
        assert (await readiness(plane))[1]["refused"] == []


async def test_a_route_to_a_backend_that_is_not_there_is_told_too(
    start: Start, admin: Administrator, namespace: str
) -> None:
    await admin.put(configmap(namespace, lost=document("lost", "/lost", backend={"name": "nobody"})))
    async with start() as plane:
        await shows(plane, "/lost")

        async def told() -> list[str]:
            return [one["message"] for one in await admin.items(f"/api/v1/namespaces/{namespace}/events")]

        await until(told, 5)
        assert await told() == [
            "HTTPRoute/lost/0: there is no backend named nobody: answers 500. The rest is in force."
        ]


async def test_other_configmaps_with_the_label_add_routes_and_take_them_away_again(
    start: Start, admin: Administrator, namespace: str
) -> None:
    await admin.put(configmap(namespace, first=FIRST))
    more = configmap(namespace, named="more", more=document("more", "/more"))
    async with start() as plane:
        await shows(plane, "/first")
        await admin.put(more)
        await shows(plane, "/first", "/more", within=2)
        unlabelled = {**more, "metadata": {**more["metadata"], "labels": {}}}
        await admin.put(unlabelled)
        await shows(plane, "/first", within=2)
        await admin.put(more)
        await shows(plane, "/first", "/more", within=2)
        await admin.delete(more)
        await shows(plane, "/first", within=2)


async def test_a_bad_document_of_another_configmap_is_told_on_that_one_and_harms_no_other(
    start: Start, admin: Administrator, namespace: str
) -> None:
    await admin.put(configmap(namespace, first=FIRST))
    async with start() as plane:
        await shows(plane, "/first")
        lost = document("lost", "/lost", backend={"name": "nobody"})
        await admin.put(
            configmap(namespace, named="more", broken=NO_YAML, again=document("first", "/again"), lost=lost)
        )
        await shows(plane, "/first", "/lost", within=2)
        told = (await readiness(plane))[1]["refused"]
        assert [one.partition(": ")[0] for one in told] == [
            "more/broken.yaml#1",
            "more HTTPRoute/first",
            "HTTPRoute/lost/0",
        ]

        async def all_told() -> bool:
            return len(await admin.items(f"/api/v1/namespaces/{namespace}/events")) == 3

        await until(all_told, 5)
        events = await admin.items(f"/api/v1/namespaces/{namespace}/events")
        assert {one["involvedObject"]["name"] for one in events} == {"more"}


async def test_a_backend_that_its_configmap_names_is_awaited_and_not_unknown(
    start: Start, admin: Administrator, namespace: str
) -> None:
    await admin.put(configmap(namespace, first=FIRST))
    awaited = document("awaited", "/awaited", backend={"name": "coming"})
    async with start() as plane:
        await admin.put(configmap(namespace, named="more", backends="coming", awaited=awaited))
        await shows(plane, "/awaited", "/first")
        assert (await readiness(plane))[1]["refused"] == []
        assert (plane.envoy / "endpoints" / "coming.json").exists()


async def test_while_the_configmap_is_away_the_last_routes_stay(
    start: Start, admin: Administrator, namespace: str
) -> None:
    await admin.put(configmap(namespace, first=FIRST))
    async with start() as plane:
        await shows(plane, "/first")
        await admin.delete(configmap(namespace))

        async def missed() -> bool:
            return "there is no ConfigMap gateway-routes" in str((await readiness(plane))[1].get("behind"))

        await until(missed)
        assert await plane.paths() == ["/first"]
        await admin.put(configmap(namespace, second=document("second", "/second")))
        await shows(plane, "/second")
        assert "behind" not in (await readiness(plane))[1]


async def test_before_the_first_configmap_it_is_not_ready_and_leaves_envoys_files_as_they_are(
    start: Start, admin: Administrator, namespace: str
) -> None:
    async with start() as plane:

        async def missed() -> bool:
            status, told = await readiness(plane)
            return status == 503 and "create it" in told["reasons"]["envoy_files"]

        await until(missed)
        assert not (plane.envoy / "routes").exists()
        await admin.put(configmap(namespace, first=FIRST))
        await shows(plane, "/first")
        assert (await readiness(plane))[0] == 200

"""Discovery over EndpointSlices of a real API server, with the rights the chart gives it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from services.discovery.app import build
from services.discovery.settings import DiscoverySettings
from tests.cluster.backends.conftest import Users
from tests.support.administrator import Administrator, Object
from tests.support.api_server import ApiServer
from tests.support.serving import served, until

RIGHTS: list[Any] = [
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["services"], "verbs": ["list", "watch"]},
]


@dataclass(frozen=True)
class Discovery:
    """The running facade."""

    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(self.url + path, headers={"accept": "application/json"}) as response:
            return response.status, await response.json()

    async def hosts(self, service: str = "order") -> list[str]:
        return sorted(instance["host"] for instance in (await self.get(f"/apps/{service}"))[1])

    async def ready(self) -> bool:
        return (await self.get("/readyz"))[0] == 200


def service(namespace: str, name: str = "order", **labels: str) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "metrics", "port": 9090}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}


def slice_of(namespace: str, ready: dict[str, bool], name: str = "order") -> Object:
    """`ready` says of each address whether it is."""
    labels = {"kubernetes.io/service-name": name}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-abc", "namespace": namespace, "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9090}],
        "endpoints": [
            {
                "addresses": [address],
                "conditions": {"ready": is_ready},
                "targetRef": {"kind": "Pod", "name": f"pod-{address}", "namespace": namespace, "uid": f"uid-{address}"},
            }
            for address, is_ready in ready.items()
        ],
    }


@pytest.fixture
async def discovery(
    admin: Administrator, users: Users, namespace: str, http: aiohttp.ClientSession
) -> AsyncIterator[Discovery]:
    """Ready, with one ready pod of order and one that is not."""
    await admin.grant("discovery", namespace, RIGHTS)
    await admin.put(service(namespace, team="shop"))
    await admin.put(slice_of(namespace, {"10.0.0.1": True, "10.0.0.2": False}))
    users.become("discovery")
    settings = DiscoverySettings(backend="endpointslices", namespaces=(namespace,), heartbeat_seconds=1)
    async with served(build(settings)) as url:
        running = Discovery(url, http)
        await until(running.ready)
        yield running


async def test_only_ready_pods_are_told_as_spring_would(discovery: Discovery, namespace: str) -> None:
    status, instances = await discovery.get("/apps/order")
    assert status == 200
    assert instances == [
        {
            "instanceId": "uid-10.0.0.1",
            "serviceId": "order",
            "host": "10.0.0.1",
            "port": 8080,
            "uri": "http://10.0.0.1:8080",
            "secure": False,
            "scheme": "http",
            "metadata": {
                "team": "shop",
                "port.http": "8080",
                "port.metrics": "9090",
                "k8s_namespace": namespace,
                "type": "ClusterIP",
            },
            "namespace": namespace,
        }
    ]
    assert (await discovery.get("/apps/order/uid-10.0.0.1"))[0] == 200
    assert (await discovery.get("/eureka/apps/ORDER"))[0] == 200


async def test_pods_that_come_and_go_are_told_within_2_seconds(
    discovery: Discovery, admin: Administrator, namespace: str
) -> None:
    async def become(*hosts: str) -> None:
        async def told() -> bool:
            return await discovery.hosts() == list(hosts)

        await until(told, 2)

    await admin.put(slice_of(namespace, {"10.0.0.1": True, "10.0.0.2": True, "10.0.0.3": True}))
    await become("10.0.0.1", "10.0.0.2", "10.0.0.3")
    await admin.put(slice_of(namespace, {"10.0.0.3": True}))
    await become("10.0.0.3")
    await admin.delete(slice_of(namespace, {}))
    await become()


async def test_a_label_of_the_service_changes_what_is_told(
    discovery: Discovery, admin: Administrator, namespace: str
) -> None:
    await admin.put(service(namespace, **{"primary-port-name": "metrics"}))

    async def other_port() -> bool:
        return bool((await discovery.get("/apps/order"))[1][0]["port"] == 9090)

    await until(other_port, 2)
    await admin.put(service(namespace, **{"primary-port-name": "metrics", "note": "new"}))

    async def told() -> bool:
        return bool((await discovery.get("/apps/order"))[1][0]["metadata"].get("note") == "new")

    await until(told, 2)


async def test_the_last_instances_stay_while_the_api_server_is_away_and_changes_are_seen_after(
    discovery: Discovery, admin: Administrator, namespace: str, api: ApiServer
) -> None:
    api.server.kill()
    try:
        assert await discovery.hosts() == ["10.0.0.1"]
        assert await discovery.ready()
    finally:
        api.server.spawn()
        await asyncio.to_thread(api.server.wait)
    await admin.put(slice_of(namespace, {"10.0.0.9": True}))

    async def seen() -> bool:
        return await discovery.hosts() == ["10.0.0.9"]

    await until(seen, 10)


async def test_without_rights_it_is_not_ready_and_tells_nothing_rather_than_emptiness(
    namespace: str, users: Users, http: aiohttp.ClientSession
) -> None:
    users.become("nobody")
    settings = DiscoverySettings(backend="endpointslices", namespaces=(namespace,))
    async with served(build(settings)) as url:
        discovery = Discovery(url, http)

        async def refused() -> bool:
            return "forbidden" in str(await discovery.get("/readyz"))

        await until(refused)
        assert (await discovery.get("/apps"))[0] == 503

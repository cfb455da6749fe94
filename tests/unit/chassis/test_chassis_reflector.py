"""Mirrors of objects, against a scripted API server: what real ones do only on bad days."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from services.chassis.kube import reflector
from services.chassis.kube.client import InvalidClusterAccessError, Kubernetes, KubernetesError, Resource
from services.chassis.kube.reflector import Reflector
from services.chassis.retry import Backoff
from tests.support.ports import free_port
from tests.support.serving import until

CONFIGMAPS = Resource("v1", "configmaps")
Watch = Callable[[web.StreamResponse], Awaitable[None]]


def configmap(name: str, version: int) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "resourceVersion": str(version), "managedFields": [{}]}
    return {"metadata": metadata, "data": {"version": str(version)}}


@dataclass
class ApiServer:
    """Answers lists with `items` at `version`, and each next watch by the next of `watches`; then they say nothing."""

    items: list[dict[str, Any]] = field(default_factory=list)
    version: int = 1
    status: int = 200
    watches: list[Watch] = field(default_factory=list)
    lists: int = 0
    watched_from: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["authorization"] == "Bearer a-token"
        if self.status != 200:
            return web.json_response({"kind": "Status", "message": "refused by the test"}, status=self.status)
        if "watch" not in request.query:
            self.lists += 1
            return web.json_response({"metadata": {"resourceVersion": str(self.version)}, "items": self.items})
        self.watched_from.append(request.query["resourceVersion"])
        response = web.StreamResponse()
        await response.prepare(request)
        if self.watches:
            await self.watches.pop(0)(response)
        else:
            await asyncio.sleep(60)
        return response


async def send(response: web.StreamResponse, kind: str, content: dict[str, Any]) -> None:
    await response.write(json.dumps({"type": kind, "object": content}).encode() + b"\n")


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiServer]:
    fake, port = ApiServer(), free_port()
    app = web.Application()
    app.router.add_get("/api/v1/namespaces/shop/configmaps", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    kubeconfig = {
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "test", "user": {"token": "a-token"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setattr(reflector, "BACKOFF", Backoff(first=0.01, limit=0.05))
    yield fake
    await runner.cleanup()


@pytest.fixture
async def mirror(server: ApiServer) -> AsyncIterator[Reflector]:
    """Not running yet."""
    async with Kubernetes("test") as client:
        yield Reflector(client, CONFIGMAPS, "shop", lambda: None)


async def run_until(mirror: Reflector, condition: Callable[[], object]) -> None:
    async def holds() -> object:
        return condition()

    task = asyncio.create_task(mirror.run())
    try:
        await until(holds, 5)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def versions(mirror: Reflector) -> dict[str, str]:
    return {name: one["data"]["version"] for (_, name), one in mirror.objects.items()}


async def test_the_list_then_each_change_without_the_fields_nobody_reads(server: ApiServer, mirror: Reflector) -> None:
    async def changes(response: web.StreamResponse) -> None:
        await send(response, "ADDED", configmap("new", 2))
        await send(response, "MODIFIED", configmap("old", 3))
        await send(response, "DELETED", configmap("gone", 4))

    server.items, server.watches = [configmap("old", 1), configmap("gone", 1)], [changes]
    await run_until(mirror, lambda: versions(mirror) == {"old": "3", "new": "2"})
    assert "managedFields" not in mirror.objects["shop", "old"]["metadata"]
    assert mirror.synced
    assert mirror.fault is None


async def test_a_watch_that_ends_is_resumed_where_it_was_without_a_new_list(
    server: ApiServer, mirror: Reflector
) -> None:
    async def bookmark(response: web.StreamResponse) -> None:
        await send(response, "BOOKMARK", {"metadata": {"resourceVersion": "7"}})

    async def cut_off(response: web.StreamResponse) -> None:
        await response.write(b'{"type": "ADDED", "obj')

    server.watches = [bookmark, cut_off]
    await run_until(mirror, lambda: len(server.watched_from) == 3)
    assert server.watched_from == ["1", "7", "7"]
    assert server.lists == 1


async def test_what_the_server_has_forgotten_is_listed_again(server: ApiServer, mirror: Reflector) -> None:
    async def gone(response: web.StreamResponse) -> None:
        server.items, server.version = [configmap("new", 9)], 9
        await send(response, "ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})

    server.items, server.watches = [configmap("old", 1)], [gone]
    await run_until(mirror, lambda: versions(mirror) == {"new": "9"} and len(server.watched_from) == 2)
    assert server.watched_from == ["1", "9"]
    assert mirror.fault is None


async def test_a_watch_that_says_nothing_is_given_up_and_asked_anew(
    server: ApiServer, mirror: Reflector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reflector, "WATCH_SECONDS", 0)
    monkeypatch.setattr("services.chassis.kube.client._MARGIN_SECONDS", 0.2)
    await run_until(mirror, lambda: len(server.watched_from) >= 2)


async def test_while_the_server_refuses_the_last_state_stays_and_the_reason_is_told(
    server: ApiServer, mirror: Reflector
) -> None:
    async def refuse_from_now_on(_response: web.StreamResponse) -> None:
        server.status = 403

    server.items, server.watches = [configmap("old", 1)], [refuse_from_now_on]
    await run_until(mirror, lambda: mirror.fault is not None and mirror.synced)
    assert versions(mirror) == {"old": "1"}
    assert "refused by the test" in str(mirror.fault)
    server.status = 200
    await run_until(mirror, lambda: mirror.fault is None)


async def test_a_kind_the_server_does_not_know_is_told_apart(server: ApiServer, mirror: Reflector) -> None:
    server.status = 404
    await run_until(mirror, lambda: mirror.missing)
    assert not mirror.synced
    assert "install their definition" in str(mirror.fault)


async def test_errors_carry_the_status_and_the_servers_words(server: ApiServer) -> None:
    server.status = 409
    async with Kubernetes("test") as client:
        with pytest.raises(KubernetesError, match="refused by the test") as caught:
            await client.list(CONFIGMAPS, "shop")
    assert caught.value.status == 409


async def test_without_a_way_to_an_api_server_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InvalidClusterAccessError, match="set KUBECONFIG"):
        async with Kubernetes("test"):
            pass


def test_paths_follow_the_group_the_namespace_and_the_subresource() -> None:
    assert CONFIGMAPS.path("shop") == "/api/v1/namespaces/shop/configmaps"
    routes = Resource("gateway.networking.k8s.io/v1", "httproutes")
    assert routes.path() == "/apis/gateway.networking.k8s.io/v1/httproutes"
    assert routes.path("shop", "orders", "status").endswith("/namespaces/shop/httproutes/orders/status")

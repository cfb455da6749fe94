"""The config service over ConfigMaps that are listed and watched, from a stand-in for the API server.

What it takes for granted of the real one is tested on it in tests/cluster/backends.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.config.app import build
from services.config.settings import ConfigSettings
from tests.support.serving import served, until


@dataclass
class Lists:
    """ConfigMaps of one namespace, as the API server lists and watches them."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    def put(self, name: str, **fields: Any) -> None:
        version = str(len(self.events) + 1)
        metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": version}
        found = {"metadata": metadata, **fields}
        kind = "MODIFIED" if name in self.objects else "ADDED"
        self.objects[name] = found
        self.events.append({"type": kind, "object": found})

    async def configmaps(self, request: Request) -> Response:
        if "watch" in request.query_params:
            return StreamingResponse(self._changes(int(request.query_params["resourceVersion"])))
        version = {"resourceVersion": str(len(self.events))}
        return JSONResponse({"metadata": version, "items": list(self.objects.values())})

    async def _changes(self, done: int) -> AsyncGenerator[bytes, None]:
        while True:
            for event in self.events[done:]:
                yield json.dumps(event).encode() + b"\n"
            done = len(self.events)
            await asyncio.sleep(0.02)

    async def take(self, request: Request) -> Response:
        self.told.append(await request.json())
        return JSONResponse(self.told[-1], 201)

    def app(self) -> Starlette:
        prefix = "/api/v1/namespaces/shop"
        return Starlette(
            routes=[
                Route(f"{prefix}/configmaps", self.configmaps),
                Route(f"{prefix}/events", self.take, methods=["POST"]),
            ]
        )


def kubeconfig(url: str) -> str:
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    clusters = [{"name": "c", "cluster": {"server": url}}]
    return yaml.safe_dump(
        {"current-context": "c", "contexts": [context], "clusters": clusters, "users": [{"name": "u", "user": {}}]}
    )


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest_asyncio.fixture
async def http(lists: Lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[aiohttp.ClientSession]:
    async with served(lists.app()) as api:
        (tmp_path / "kubeconfig").write_text(kubeconfig(api))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        settings = ConfigSettings(backend="kubernetes", namespaces=("shop",))
        async with served(build(settings)) as url, aiohttp.ClientSession(url) as session:
            yield session


async def sources(http: aiohttp.ClientSession, path: str = "/order/default") -> list[dict[str, Any]]:
    async with http.get(path) as response:
        found = await response.json()
        return [source["source"] for source in found["propertySources"]] if response.status == 200 else []


async def becomes(http: aiohttp.ClientSession, *expected: dict[str, Any], path: str = "/order/default") -> None:
    async def told() -> bool:
        return await sources(http, path) == list(expected)

    await until(told)


async def test_changes_are_told_and_a_broken_document_harms_no_other(http: aiohttp.ClientSession, lists: Lists) -> None:
    async with http.get("/actuator/health") as response:
        assert response.status == 503
    lists.put("order", data={"application.yaml": "account: 1", "order.properties": "speed=1"})
    lists.put("payment", data={"limit": "1"})
    await becomes(http, {"speed": "1"}, {"account": 1})
    lists.put("order", data={"application.yaml": "account: [", "order.properties": "speed=2"})
    lists.put("payment", data={"limit": "2"})
    await becomes(http, {"limit": "2"}, path="/payment/default")
    await becomes(http, {"speed": "2"}, {"account": 1})
    async with http.get("/readyz") as response:
        (fault,) = (await response.json())["broken_documents"]
        assert response.status == 200
    assert fault.startswith("ConfigMap shop/order: data.application.yaml: ")

    async def complained() -> bool:
        return len(lists.told) == 1

    await until(complained)
    (event,) = lists.told
    assert (event["reason"], event["involvedObject"]["name"]) == ("BrokenDocument", "order")
    lists.put("order", data={"application.yaml": "account: 123456789012345678901234567890"})
    await becomes(http, {"account": 123456789012345678901234567890})
    async with http.get("/readyz") as response:
        assert (await response.json())["broken_documents"] == []


async def test_a_document_of_great_size_holds_nobody_up(http: aiohttp.ClientSession, lists: Lists) -> None:
    lists.put("payment", data={"limit": "1"})
    await becomes(http, {"limit": "1"}, path="/payment/default")
    lists.put("order", data={"application.yaml": "".join(f"key-{number}: {number}\n" for number in range(50_000))})
    lists.put(
        "bomb",
        data={
            "application.yaml": "a: &a [x]\n"
            + "".join(f"a{n}: &a{n} [*a{n - 1},*a{n - 1}]\n" for n in range(1, 40)).replace("*a0", "*a")
        },
    )
    slowest = 0.0
    async with asyncio.timeout(60):
        while len(await sources(http)) != 1:
            started = asyncio.get_running_loop().time()
            assert await sources(http, "/payment/default") == [{"limit": "1"}]
            slowest = max(slowest, asyncio.get_running_loop().time() - started)
    assert slowest < 5
    async with http.get("/readyz") as response:
        (fault,) = (await response.json())["broken_documents"]
    assert "bomb: data.application.yaml: it expands to more than 8 MiB" in fault

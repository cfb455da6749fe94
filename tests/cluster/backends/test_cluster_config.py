"""The config service over ConfigMaps of a real API server, with the rights the chart gives it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from services.config.app import build
from services.config.settings import ConfigSettings
from tests.cluster.backends.conftest import Users, new_namespace
from tests.support.administrator import Administrator, Object
from tests.support.api_server import ApiServer
from tests.support.serving import served, until

RIGHTS: list[Any] = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
]
NO_YAML = "limit: 1\n  limit: [\n"


@dataclass(frozen=True)
class Config:
    """The running service."""

    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(self.url + path) as response:
            return response.status, await response.json()

    async def says(self, key: str, value: object, application: str = "order") -> bool:
        _, body = await self.get(f"/{application}/default")
        return any(source["source"].get(key) == value for source in body.get("propertySources", []))

    async def ready(self) -> bool:
        return (await self.get("/readyz"))[0] == 200


def configmap(namespace: str, name: str = "order", *, label: str = "true", **data: str) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": {"mercato.dev/config": label}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@asynccontextmanager
async def running(http: aiohttp.ClientSession, *namespaces: str) -> AsyncIterator[Config]:
    settings = ConfigSettings(backend="kubernetes", namespaces=namespaces, heartbeat_seconds=1)
    async with served(build(settings)) as url:
        yield Config(url, http)


@pytest.fixture
async def config(
    admin: Administrator, users: Users, namespace: str, http: aiohttp.ClientSession
) -> AsyncIterator[Config]:
    """Ready, with `limit` = 1 told to order."""
    await admin.grant("config", namespace, RIGHTS)
    await admin.put(configmap(namespace, limit="1"))
    users.become("config")
    async with running(http, namespace) as service:
        await until(service.ready)
        yield service


async def test_an_edit_is_told_within_5_seconds_and_a_removal_too(
    config: Config, admin: Administrator, namespace: str
) -> None:
    await admin.put(configmap(namespace, limit="2"))
    await until(lambda: config.says("limit", "2"), 5)
    await admin.put(configmap(namespace, label="false", limit="2"))

    async def gone() -> bool:
        return not await config.says("limit", "2")

    await until(gone, 5)


async def test_a_stream_tells_the_edit(config: Config, admin: Administrator, namespace: str) -> None:
    async with config.http.get(f"{config.url}/order/default", headers={"accept": "text/event-stream"}) as stream:
        async with asyncio.timeout(5):
            while b'"limit":"1"' not in await stream.content.readline():
                pass
            await admin.put(configmap(namespace, limit="2"))
            while b'"limit":"2"' not in await stream.content.readline():
                pass


async def test_only_what_is_labelled_is_told(config: Config, admin: Administrator, namespace: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": configmap(namespace, "order")["metadata"]}
    await admin.put({**secret, "stringData": {"password": "hidden"}})
    await admin.put(configmap(namespace, "application", label="no", password="hidden"))
    await admin.put(configmap(namespace, "application-default", seen="yes"))
    await until(lambda: config.says("seen", "yes"), 5)
    assert not await config.says("password", "hidden")


async def test_a_broken_document_is_told_everywhere_and_changes_nothing(
    config: Config, admin: Administrator, namespace: str
) -> None:
    document = {"application.yaml": NO_YAML}
    await admin.put(configmap(namespace, **document))

    async def broken() -> list[str]:
        found: list[str] = (await config.get("/readyz"))[1]["broken_documents"]
        return found

    await until(broken, 5)
    assert (await broken())[0].startswith(f"ConfigMap {namespace}/order: data.application.yaml: ")
    assert await config.ready()
    assert await config.says("limit", "1")
    await admin.put(configmap(namespace, "application", other="3"))
    await until(lambda: config.says("other", "3"), 5)

    async def events() -> list[Object]:
        return await admin.items(f"/api/v1/namespaces/{namespace}/events")

    await until(events, 5)
    (event,) = await events()
    assert (event["type"], event["reason"]) == ("Warning", "BrokenDocument")
    assert event["involvedObject"]["name"] == "order"
    assert event["message"].startswith("data.application.yaml: ")

    await admin.put(configmap(namespace, limit="4"))
    await until(lambda: config.says("limit", "4"), 5)
    assert await broken() == []


async def test_of_several_namespaces_the_first_wins_and_names_tell_the_other(
    admin: Administrator, users: Users, namespace: str, http: aiohttp.ClientSession
) -> None:
    shared = await new_namespace(admin)
    for name, value in ((namespace, "own"), (shared, "shared")):
        await admin.grant("config", name, RIGHTS)
        await admin.put(configmap(name, limit=value))
    users.become("config")
    async with running(http, namespace, shared) as config:
        await until(config.ready)
        _, body = await config.get("/order/default")
    assert [(one["name"], one["source"]["limit"]) for one in body["propertySources"]] == [
        ("configmap:order", "own"),
        (f"configmap:{shared}/order", "shared"),
    ]


async def test_without_the_right_to_a_namespace_it_is_not_ready_and_says_why(
    admin: Administrator, users: Users, namespace: str, http: aiohttp.ClientSession
) -> None:
    users.become("nobody")
    async with running(http, namespace) as config:

        async def refused() -> bool:
            return "forbidden" in str(await config.get("/readyz"))

        await until(refused)
        assert (await config.get("/readyz"))[0] == 503
        assert (await config.get("/order/default"))[0] == 503


async def test_the_last_state_stays_while_the_api_server_is_away_and_edits_are_seen_after(
    config: Config, admin: Administrator, namespace: str, api: ApiServer
) -> None:
    api.server.stop()
    try:

        async def behind() -> bool:
            return "behind" in (await config.get("/readyz"))[1]

        await until(behind)
        assert await config.ready()
        assert await config.says("limit", "1")
    finally:
        api.server.spawn()
        await asyncio.to_thread(api.server.wait)
    await admin.put(configmap(namespace, limit="5"))
    await until(lambda: config.says("limit", "5"), 10)

    async def caught_up() -> bool:
        return "behind" not in (await config.get("/readyz"))[1]

    await until(caught_up)

"""The running config service over a folder that changes under it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import yaml


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.01)


async def told(config: Any, path: str = "/order/default") -> dict[str, Any]:
    """What an application is told, merged: the first source wins."""
    async with config.http.get(config.url + path) as response:
        assert response.status == 200
        sources = (await response.json())["propertySources"]
    merged: dict[str, Any] = {}
    for source in sources:
        merged = source["source"] | merged
    return merged


async def documents(response: Any) -> AsyncIterator[dict[str, Any]]:
    async for line in response.content:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


async def test_a_change_in_the_folder_is_served_and_changes_the_tag(config: Any) -> None:
    config.write("order", 'deadline: "20"')
    await eventually(lambda: _has(config, {"deadline": "20"}))
    async with config.http.get(f"{config.url}/order/default") as response:
        tag = response.headers["etag"]
        assert (await response.json())["version"] == tag.strip('"')
    async with config.http.get(f"{config.url}/order/default", headers={"if-none-match": tag}) as response:
        assert (response.status, await response.read(), response.headers["etag"]) == (304, b"", tag)
    config.write("order", 'deadline: "30"')
    await eventually(lambda: _has(config, {"deadline": "30"}))
    async with config.http.get(f"{config.url}/order/default", headers={"if-none-match": tag}) as response:
        assert response.status == 200


async def _has(config: Any, expected: dict[str, Any]) -> bool:
    return await told(config) == expected


async def test_the_stream_starts_with_the_state_and_goes_on_with_changes_only(config: Any) -> None:
    config.write("order", 'deadline: "20"')
    await eventually(lambda: _has(config, {"deadline": "20"}))
    async with config.http.get(f"{config.url}/order/default", headers={"accept": "text/event-stream"}) as response:
        assert response.content_type == "text/event-stream"
        stream = documents(response)
        first = await anext(stream)
        config.write("product", 'speed: "1"')  # of no concern to order
        config.write("order", 'deadline: "30"')
        second = await anext(stream)
    assert first["propertySources"][0]["source"] == {"deadline": "20"}
    assert second["propertySources"][0]["source"] == {"deadline": "30"}
    assert first["version"] != second["version"]


async def test_a_silent_stream_has_a_heartbeat(config: Any) -> None:
    async with config.http.get(f"{config.url}/order/default", headers={"accept": "text/event-stream"}) as response:
        async for line in response.content:
            if line.startswith(b": "):
                break


async def test_a_broken_document_hides_nothing_and_is_told_in_readiness_and_metrics(config: Any) -> None:
    config.write("order", 'deadline: "20"')
    config.write("product", 'speed: "1"')
    await eventually(lambda: _has(config, {"deadline": "20"}))
    config.write_text("order.yaml", "kind: [")
    config.write("product", 'speed: "2"')

    async def product_changed() -> bool:
        return await told(config, "/product/default") == {"speed": "2"}

    await eventually(product_changed)
    assert await told(config) == {"deadline": "20"}
    async with config.http.get(f"{config.url}/readyz") as response:
        assert response.status == 200
        (fault,) = (await response.json())["broken_documents"]
        assert fault.startswith("order.yaml: ")
    config.write("order", "deadline: 30")  # not a string: broken in another way
    config.write("payment", 'timeout: "5"')

    async def payment_there() -> bool:
        return await told(config, "/payment/default") == {"timeout": "5"}

    await eventually(payment_there)
    assert await told(config) == {"deadline": "20"}
    config.write("order", 'deadline: "30"')
    await eventually(lambda: _has(config, {"deadline": "30"}))
    async with config.http.get(f"{config.url}/readyz") as response:
        assert (await response.json())["broken_documents"] == []


async def test_a_secret_and_an_unlabelled_config_map_are_not_served(config: Any) -> None:
    config.write_text("secret.yaml", 'apiVersion: v1\nkind: Secret\nmetadata: {name: order}\nstringData: {p: "x"}\n')
    config.write_text("other.yaml", 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: order}\ndata: {q: "x"}\n')
    config.write("order", 'deadline: "20"')
    await eventually(lambda: _has(config, {"deadline": "20"}))


async def test_not_ready_while_there_is_no_document(config: Any) -> None:
    async with config.http.get(f"{config.url}/readyz") as response:
        assert response.status == 503


async def test_profiles_and_labels_are_given_back(config: Any) -> None:
    async with config.http.get(f"{config.url}/order/dev,eu/main") as response:
        body = await response.json()
    assert (body["name"], body["profiles"], body["label"], body["state"]) == ("order", ["dev", "eu"], "main", None)


@pytest.mark.parametrize("prefix", ["", "/main"])
@pytest.mark.parametrize("form", ["yml", "yaml", "json", "properties"])
async def test_an_environment_reads_as_a_file_in_each_form(config: Any, prefix: str, form: str) -> None:
    config.write("order-service", "application.yaml: |", "  pool:", "    size: 5")
    config.write("order-service-dev", 'pool.name: "p"')

    async def there() -> bool:
        return len(await told(config, "/order-service/dev")) == 2

    await eventually(there)
    async with config.http.get(f"{config.url}{prefix}/order-service-dev.{form}") as response:
        assert response.status == 200
        assert response.headers["etag"]
        text = await response.text()
    if form == "properties":
        assert sorted(text.splitlines()) == ["pool.name: p", "pool.size: 5"]
    else:
        assert yaml.safe_load(text) == {"pool": {"name": "p", "size": 5}}


@pytest.mark.parametrize("path", ["/order", "/order/de v", "/a/b/c/d", "/-x/default"])
async def test_paths_that_name_nothing_are_problem_details(config: Any, path: str) -> None:
    async with config.http.get(config.url + path) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"

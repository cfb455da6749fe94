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


async def test_placeholders_are_resolved_in_files_unless_it_is_asked_otherwise(config: Any) -> None:
    config.write("order", "application.yaml: |", "  host: shop", "  url: http://${host}:${port:80}")
    await eventually(lambda: _has(config, {"host": "shop", "url": "http://${host}:${port:80}"}))
    for query, expected in (("", "http://shop:80"), ("?resolvePlaceholders=false", "http://${host}:${port:80}")):
        async with config.http.get(f"{config.url}/order-default.json{query}") as response:
            assert (await response.json())["url"] == expected
    async with config.http.get(f"{config.url}/order-default.json?resolvePlaceholders=perhaps") as response:
        assert response.status == 422
        assert (await response.json())["errors"][0]["pointer"] == "?resolvePlaceholders"


async def test_several_applications_and_a_label_with_a_slash_are_answered(config: Any) -> None:
    config.write("rwone", 'who: "one"', 'a: "1"')
    config.write("rwtwo", 'who: "two"')

    async def there() -> bool:
        return await told(config, "/rwone,rwtwo/default") == {"who": "two", "a": "1"}

    await eventually(there)
    async with config.http.get(f"{config.url}/rwone%2Crwtwo/default/feature(_)x") as response:
        body = await response.json()
    assert (body["name"], body["label"]) == ("rwone,rwtwo", "feature/x")
    async with config.http.get(f"{config.url}/feature(_)x/rwone,rwtwo-default.json") as response:
        assert await response.json() == {"who": "two", "a": "1"}


async def test_health_tells_what_readiness_does(config: Any) -> None:
    async def health(path: str = "") -> tuple[int, str]:
        async with config.http.get(f"{config.url}/actuator/health{path}") as response:
            body = json.loads(await response.text())
            return response.status, body["status"]

    assert await health() == await health("/readiness") == (503, "DOWN")
    assert await health("/liveness") == (200, "UP")
    config.write("order", 'deadline: "20"')
    await eventually(lambda: _has(config, {"deadline": "20"}))
    assert await health() == await health("/readiness") == (200, "UP")


@pytest.mark.parametrize("path", ["", "/", "/info", "/health/db", "/env/order", "/refresh", "/default.yml"])
async def test_nothing_else_of_an_actuator_is_an_environment(config: Any, path: str) -> None:
    async with config.http.get(f"{config.url}/actuator{path}") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/order/dev+eu@1.0", "/bestellung-für-käse/größe", "/My%20Shop/default", "/order.v2/a_b"]
)
async def test_names_of_other_kinds_are_answered(config: Any, path: str) -> None:
    assert await told(config, path) == {}


async def test_one_of_many_documents_that_is_broken_leaves_the_others_of_its_config_map_alone(config: Any) -> None:
    config.write("order", "application.yaml: 'account: 1'", "order.properties: 'speed=1'")
    await eventually(lambda: _has(config, {"account": 1, "speed": "1"}))
    config.write("order", f"application.yaml: 'account: {'9' * 1001}'", "order.properties: 'speed=2'")
    await eventually(lambda: _has(config, {"account": 1, "speed": "2"}))
    async with config.http.get(f"{config.url}/readyz") as response:
        (fault,) = (await response.json())["broken_documents"]
    assert fault.startswith("order.yaml: ConfigMap order: data.application.yaml: a number has more than 1000 digits")
    config.write("order", "application.yaml: 'account: 123456789012345678901234567890'")
    await eventually(lambda: _has(config, {"account": 123456789012345678901234567890}))


async def test_a_folder_that_is_put_in_the_place_of_another_is_followed(config: Any) -> None:
    config.write("order", 'deadline: "20"')
    await eventually(lambda: _has(config, {"deadline": "20"}))
    config.folder.rename(config.folder.with_name("old"))
    config.folder.mkdir()
    config.write("order", 'deadline: "30"')
    await eventually(lambda: _has(config, {"deadline": "30"}), 10)
    config.write("order", 'deadline: "40"')
    await eventually(lambda: _has(config, {"deadline": "40"}), 10)


@pytest.mark.parametrize(
    "path",
    [
        "/order",
        "/order/de v",
        "/a/b/c/d",
        "/-x/default",
        "/order/-x",
        "/,/default",
        "/order/a,,b",
        "/main/order.yml",
    ],
)
async def test_paths_that_name_nothing_are_problem_details(config: Any, path: str) -> None:
    async with config.http.get(config.url + path) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"

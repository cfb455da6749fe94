"""The running discovery facade over a process table that changes under it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

VISIBLE_WITHIN = 0.3


def process(name: str, port: int, *, ready: bool = True) -> dict[str, Any]:
    service = name.partition("-")[0]
    return {"name": name, "service": service, "host": "127.0.0.1", "port": port, "ready": ready, "restarts": 0}


async def get(discovery: Any, path: str, **headers: str) -> tuple[int, Any]:
    async with discovery.http.get(discovery.url + path, headers=headers) as response:
        if response.content_type.endswith("json"):
            return response.status, await response.json(content_type=None)
        return response.status, await response.text()


async def names(discovery: Any) -> list[str]:
    status, apps = await get(discovery, "/apps")
    return [i["instanceId"] for app in apps for i in app["serviceInstances"]] if status == 200 else []


async def until(discovery: Any, expected: list[str], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while await names(discovery) != expected:  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.01)


async def lists(response: Any) -> AsyncIterator[list[str]]:
    async for line in response.content:
        if line.startswith(b"data:"):
            yield [i["instanceId"] for app in json.loads(line[5:]) for i in app["serviceInstances"]]


async def test_nothing_is_answered_before_the_first_table_was_read(discovery: Any) -> None:
    assert (await get(discovery, "/apps"))[0] == 503
    status, body = await get(discovery, "/readyz")
    assert status == 503
    assert "No such file" in body["reasons"]["process_table"]
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    assert (await get(discovery, "/readyz"))[0] == 200


async def test_a_change_is_on_the_stream_at_once(discovery: Any) -> None:
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    async with discovery.http.get(f"{discovery.url}/apps", headers={"accept": "text/event-stream"}) as response:
        stream = lists(response)
        assert await anext(stream) == ["order"]
        started = time.monotonic()
        discovery.write(process("order", 1), process("order-2", 2))
        assert await anext(stream) == ["order", "order-2"]
        assert time.monotonic() - started < VISIBLE_WITHIN
        discovery.write(process("order", 1, ready=False), process("order-2", 2))
        assert await anext(stream) == ["order-2"]


async def warned(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(5):
        while text not in caplog.text:  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.01)


async def test_a_missing_or_half_written_table_keeps_the_last_state(
    discovery: Any, caplog: pytest.LogCaptureFixture
) -> None:
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    whole = discovery.table.read_text()
    discovery.table.write_text(whole[: len(whole) // 2])
    await warned(caplog, "Invalid JSON")
    assert await names(discovery) == ["order"]
    caplog.clear()
    discovery.table.unlink()
    await warned(caplog, "No such file")
    assert await names(discovery) == ["order"]
    discovery.write(process("product", 3))
    await until(discovery, ["product"])


async def test_one_service_and_one_instance_as_in_spring(discovery: Any) -> None:
    discovery.write(process("order", 1), process("order-2", 2), process("product", 3))
    await until(discovery, ["order", "order-2", "product"])
    status, instances = await get(discovery, "/apps/order")
    assert (status, [i["port"] for i in instances]) == (200, [1, 2])
    assert await get(discovery, "/apps/nobody") == (200, [])
    status, instance = await get(discovery, "/apps/order/order-2")
    assert (status, instance["uri"], instance["serviceId"]) == (200, "http://127.0.0.1:2", "order")
    status, problem = await get(discovery, "/apps/order/order-3")
    assert (status, problem["status"]) == (404, 404)


async def test_eurekas_calls_answer_xml_unless_json_is_asked_for(discovery: Any) -> None:
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    status, text = await get(discovery, "/eureka/apps")
    assert status == 200
    assert ET.fromstring(text).findtext("application/instance/instanceId") == "order"  # noqa: S314 - ours
    status, body = await get(discovery, "/eureka/apps", accept="application/json")
    assert (status, body["applications"]["apps__hashcode"]) == (200, "UP_1_")
    status, body = await get(discovery, "/eureka/apps/order", accept="application/json")
    assert (status, body["application"]["instance"][0]["port"]["$"]) == (200, 1)
    assert (await get(discovery, "/eureka/apps/NOBODY"))[0] == 404


EUREKA = [
    "/eureka/apps",
    "/eureka/apps/",
    "/eureka/apps/?regions=one,two",
    "/eureka/apps/delta",
    "/eureka/apps/delta/",
    "/eureka/apps/ORDER",
    "/eureka/apps/order/",
    "/eureka/apps/Order/order",
    "/eureka/apps/ORDER/order/",
    "/eureka/instances/order",
    "/eureka/instances/order/",
    "/eureka/vips/order",
    "/eureka/vips/ORDER/",
    "/eureka/svips/order",
    "/eureka/svips/order/?regions=one",
]


@pytest.mark.parametrize("base", ["/eureka", "/eureka/v2"])
async def test_every_read_call_of_eureka_answers_in_the_form_that_weighs_most(discovery: Any, base: str) -> None:
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    for path in (base + path.removeprefix("/eureka") for path in EUREKA):
        for accept, json_wanted in (
            ("", False),
            ("*/*", False),
            ("application/json", True),
            ("application/json;q=0.1, application/xml", False),
            ("application/json, application/xml;q=0.9", True),
            ("application/xml;q=0, */*", True),
        ):
            status, body = await get(discovery, path, accept=accept)
            assert (status, isinstance(body, dict)) == (200, json_wanted), (path, accept)
            text = json.dumps(body) if json_wanted else body
            assert "127.0.0.1" in text
            if not json_wanted:
                ET.fromstring(text)  # noqa: S314 - ours
            async with discovery.http.head(discovery.url + path, headers={"accept": accept}) as headed:
                assert headed.status == 200
                assert headed.content_type == ("application/json" if json_wanted else "application/xml")
                assert headed.headers["vary"] == "accept"


@pytest.mark.parametrize(
    "path",
    ["/apps/NOBODY", "/apps/ORDER/nobody", "/apps/PRODUCT/order", "/instances/nobody", "/vips/nobody", "/svips/x"],
)
async def test_what_eureka_does_not_know_is_404(discovery: Any, path: str) -> None:
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    assert (await get(discovery, f"/eureka{path}"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/eureka/apps/ORDER", "GET, HEAD"),
        ("POST", "/eureka/v2/apps/ORDER/", "GET, HEAD"),
        ("PUT", "/eureka/apps/ORDER/order?status=UP", "GET, HEAD"),
        ("DELETE", "/eureka/apps/ORDER/order", "GET, HEAD"),
        ("PUT", "/eureka/apps/ORDER/order/status?value=OUT_OF_SERVICE", ""),
        ("DELETE", "/eureka/apps/ORDER/order/status", ""),
        ("PUT", "/eureka/apps/ORDER/order/metadata?a=b", ""),
    ],
)
async def test_whoever_registers_is_told_that_kubernetes_does(
    discovery: Any, method: str, path: str, allow: str
) -> None:
    async with discovery.http.request(method, discovery.url + path, json={"instance": {}}) as answer:
        body = await answer.json(content_type=None)
        assert (answer.status, answer.headers["allow"]) == (405, allow)
        assert "Kubernetes" in body["detail"]


async def test_a_stream_is_for_those_who_want_it_most_and_its_head_ends(discovery: Any) -> None:
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    for accept, kind in (
        ("text/event-stream", "text/event-stream"),
        ("application/json;q=0.5, text/event-stream", "text/event-stream"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
        ("text/event-stream;q=0, */*", "application/json"),
    ):
        async with discovery.http.head(discovery.url + "/apps", headers={"accept": accept}) as headed:
            assert (headed.status, headed.content_type) == (200, kind)
        async with discovery.http.get(discovery.url + "/apps", headers={"accept": accept}) as answer:
            assert answer.content_type == kind


async def test_eurekas_delta_tells_who_left(discovery: Any) -> None:
    discovery.write(process("order", 1), process("order-2", 2))
    await until(discovery, ["order", "order-2"])
    discovery.write(process("order", 1))
    await until(discovery, ["order"])
    _, body = await get(discovery, "/eureka/apps/delta", accept="application/json")
    (order,) = body["applications"]["application"]
    assert {i["instanceId"]: i["actionType"] for i in order["instance"]} == {"order": "ADDED", "order-2": "DELETED"}


@pytest.mark.parametrize("path", ["/apps/order/order/more", "/eureka", "/nothing"])
async def test_unknown_paths_are_problem_details(discovery: Any, path: str) -> None:
    status, body = await get(discovery, path)
    assert (status, body["status"]) == (404, 404)

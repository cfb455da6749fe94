"""What reaches the services, and what Envoy does when they fail."""

import asyncio
from collections import Counter
from typing import Any

from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.fakes import Service, echoing_socket
from tests.support.serving import until


async def test_a_request_arrives_with_its_token_and_trace_and_no_forged_identity(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        trace = "0af7651916cd43dd8448eb211c80319c"
        forged = {"x-mercato-subject": "admin", "x-user-id": "1", "x-forwarded-user": "root", "x-envoy-retry-on": "5xx"}
        answer = await gateway.call(
            "GET", "/api/v1/orders", token=token, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01", **forged}
        )
        seen = answer.body["headers"]
        assert seen["authorization"] == f"Bearer {token}"
        assert not seen.keys() & {*forged, "x-envoy-internal"}
        assert seen["traceparent"].split("-")[1] == trace
        assert answer.headers.getall("x-trace-id") == [trace]
        assert not [name for name in answer.headers if name.lower().startswith("x-envoy")]


async def test_requests_are_spread_over_the_endpoints_and_a_removed_one_gets_none(gateway: Gateway) -> None:
    async with gateway.service("one") as (_, first), gateway.service("two") as (two, second):
        token = await gateway.reachable(order=[first])
        gateway.discovery.put(order=[first, second])

        async def names() -> Counter[str]:
            calls = (gateway.call("GET", "/api/v1/orders", token=token) for _ in range(10))
            return Counter([answer.body["service"] for answer in await asyncio.gather(*calls)])

        async def both() -> bool:
            return len(await names()) == 2

        async def only_one() -> bool:
            return (await names()).keys() == {"one"}

        await until(both, 2.0)
        gateway.discovery.put(order=[first])
        await until(only_one, 2.0)
        before = two.requests
        await names()
        assert two.requests == before


async def answer_after_failures(gateway: Gateway, service: Service, token: str, method: str, **options: Any) -> int:
    service.statuses = [503]
    status = (await gateway.call(method, "/api/v1/orders", token=token, **options)).status
    service.statuses = []
    return status


async def test_only_what_may_be_repeated_is_sent_again(gateway: Gateway) -> None:
    async with gateway.service("order") as (service, port):
        token = await gateway.reachable(order=[port])
        assert await answer_after_failures(gateway, service, token, "GET") == 200
        keyed = {"idempotency-key": "k"}
        assert await answer_after_failures(gateway, service, token, "POST", json={}, headers=keyed) == 200
        assert await answer_after_failures(gateway, service, token, "POST", json={}) == 503


async def test_an_endpoint_that_refuses_connections_is_left_for_another(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        async with gateway.service("dead") as (_, dead):
            pass
        token = await gateway.reachable(order=[port])
        gateway.discovery.put(order=[port, dead])
        for _ in range(20):
            assert (await gateway.call("POST", "/api/v1/orders", token=token, json={})).status == 200


async def gives_up(gateway: Gateway, token: str, status: int) -> None:
    """Returns once the new limit is in force."""

    async def holds() -> bool:
        return await gateway.status("/api/v1/orders", token=token) == status

    await until(holds, 4.0)


async def test_what_may_be_repeated_and_takes_longer_than_the_gateway_waits_is_a_503_that_says_when(
    gateway: Gateway,
) -> None:
    path = gateway.folder / "gateway.yaml"
    path.write_text(path.read_text().replace("timeout: 15s", "timeout: 200ms"))
    async with gateway.service("order") as (service, port):
        token = await gateway.reachable(order=[port])
        service.pause = 1.0
        await gives_up(gateway, token, 503)
        for method, headers in (("GET", {}), ("POST", {"idempotency-key": "k"})):
            answer = await gateway.call(method, "/api/v1/orders", token=token, headers=headers)
            assert_problem(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "1"
        forged = {"x-mercato-repeatable": "true"}
        answer = await gateway.call("POST", "/api/v1/orders", token=token, json={}, headers=forged)
        assert_problem(answer, 504, "gateway-timeout")


async def test_what_takes_longer_than_its_rule_allows_is_504(gateway: Gateway) -> None:
    path = gateway.folder / "orders.yaml"
    path.write_text(
        path.read_text().replace("    - name: read\n", "    - name: read\n      timeouts: {request: 200ms}\n")
    )
    async with gateway.service("order") as (service, port):
        token = await gateway.reachable(order=[port])
        service.pause = 1.0
        await gives_up(gateway, token, 504)
        assert_problem(await gateway.call("GET", "/api/v1/orders", token=token), 504, "gateway-timeout")


async def test_a_web_socket_is_carried(gateway: Gateway) -> None:
    (gateway.folder / "socket.yaml").write_text(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: socket}\n"
        "spec: {parentRefs: [{name: mercato}], rules: [{matches: [{path: {type: Exact, value: /socket}}], "
        "backendRefs: [{name: order, port: 80}]}]}\n"
    )
    async with echoing_socket() as port:
        token = await gateway.reachable(order=[port])

        async def known() -> bool:
            return await gateway.status("/socket") == 401

        await until(known, 2.0)
        headers = {"authorization": f"Bearer {token}"}
        async with gateway.http.ws_connect(gateway.url + "/socket", headers=headers) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str(timeout=5) == "hello"

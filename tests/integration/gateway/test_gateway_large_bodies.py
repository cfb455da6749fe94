"""Whoever sends more than is taken, or what is refused for another reason, gets the answer and no reset."""

import asyncio
import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO

import pytest
import requests

from services.gateway.envoy.bodies import DISCARDED
from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import Gateway, started
from tests.integration.gateway.http2 import body_by_http2
from tests.support.serving import until
from tests.support.stubborn import (
    MEBIBYTE,
    PIECE,
    Connection,
    Tunnel,
    chunked,
    connected,
    head,
    plain,
    sent,
    tunnel,
)

ORDERS = "/api/v1/orders"
OWN_LIMITS = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: own}
spec:
  parentRefs: [{name: mercato}]
  rules:
    - {name: few, matches: [{path: {type: Exact, value: /few}}], backendRefs: [{name: order, port: 80}]}
    - {name: known, matches: [{path: {type: Exact, value: /known}}], backendRefs: [{name: order, port: 80}]}
    - {name: many, matches: [{path: {type: Exact, value: /many}}], backendRefs: [{name: order, port: 80}]}
---
apiVersion: mercato.dev/v1alpha1
kind: GatewayPolicy
metadata: {name: few}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: own, sectionName: few}]
  token: NotRequired
  maxRequestBody: 9
---
apiVersion: mercato.dev/v1alpha1
kind: GatewayPolicy
metadata: {name: many}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: own, sectionName: many}]
  token: NotRequired
  maxRequestBody: 3Mi
---
apiVersion: mercato.dev/v1alpha1
kind: GatewayPolicy
metadata: {name: known}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: own, sectionName: known}]
  maxRequestBody: 3Mi
"""


@asynccontextmanager
async def ordering(gateway: Gateway) -> AsyncIterator[str]:
    """A service behind the gateway, and credentials for it."""
    async with gateway.service("order") as (_, port):
        yield f"Bearer {await gateway.reachable(order=[port])}"


async def test_a_body_that_is_too_large_is_413_and_the_tunnel_lives_on(gateway: Gateway) -> None:
    async with ordering(gateway) as credentials, tunnel(gateway.settings.envoy_port) as through:
        for size in (MEBIBYTE + 1, 10 * MEBIBYTE, 100 * MEBIBYTE):
            for length in (True, False):
                said = await sent(through.port, "POST", ORDERS, size, length=length, Authorization=credentials)
                assert (said.status, said.slug) == (413, "payload-too-large")
                assert said.headers["content-type"] == "application/problem+json"
                assert len(said.headers["x-trace-id"]) == 32
        async with connected(through.port) as shouting:
            await shouting.write(head("POST", ORDERS, Transfer_Encoding="CHUNKED"), *chunked(10 * MEBIBYTE))
            assert (await shouting.said()).status == 401
        fits = await sent(through.port, "POST", ORDERS, MEBIBYTE, length=False, Authorization=credentials)
        assert fits.status == 200
        assert through.broken == []


async def test_every_other_refusal_arrives_too_while_a_body_is_on_its_way(gateway: Gateway) -> None:
    calls: tuple[tuple[str, str, dict[str, str], int], ...] = (
        ("POST", ORDERS, {}, 401),
        ("POST", ORDERS, {"Authorization": "Bearer forged"}, 401),
        ("POST", ORDERS, {"Authorization": f"Bearer {gateway.issuer.token(exp=1)}"}, 401),
        ("GET", ORDERS, {}, 401),
        ("PUT", ORDERS, {}, 405),
        ("POST", "/nothing", {}, 404),
        ("POST", "/api/v1/tokens", {}, 503),  # no customer service is ready
    )
    async with tunnel(gateway.settings.envoy_port) as through:
        for method, path, headers, status in calls:
            for size in (900_000, 8 * MEBIBYTE):
                for length in (True, False):
                    said = await sent(through.port, method, path, size, length=length, **headers)
                    too_large = status == 503 and size > MEBIBYTE
                    assert said.status == (413 if too_large else status), (method, path, size, length)
        assert through.broken == []


async def test_who_is_over_a_limit_is_told_so_while_the_body_is_on_its_way(gateway: Gateway) -> None:
    path = gateway.folder / "customers.yaml"
    path.write_text(path.read_text().replace("requests: 120, interval: 1m", "requests: 1, interval: 7m"))

    async def limited() -> bool:
        return (await gateway.call("POST", "/api/v1/tokens", json={})).status == 429

    await until(limited, 4.0)
    async with tunnel(gateway.settings.envoy_port) as through:
        said = await sent(through.port, "POST", "/api/v1/tokens", 8 * MEBIBYTE)
        assert (said.status, said.slug, said.headers["retry-after"]) == (429, "too-many-requests", "420")
        assert through.broken == []


async def test_without_keys_the_503_arrives_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with started(tmp_path_factory.mktemp("keyless"), published=False) as gateway:
        said = await sent(gateway.settings.envoy_port, "POST", ORDERS, 8 * MEBIBYTE)
        assert (said.status, said.slug) == (503, "unavailable")


async def test_a_limit_of_a_rules_own_is_kept_to_the_byte_and_answered_in_the_same_way(gateway: Gateway) -> None:
    (gateway.folder / "own.yaml").write_text(OWN_LIMITS)
    async with ordering(gateway) as credentials, tunnel(gateway.settings.envoy_port) as through:

        async def known() -> bool:
            return (await gateway.call("POST", "/few")).status == 200

        await until(known, 4.0)
        for path, limit in (("/few", 9), ("/many", 3 * MEBIBYTE)):
            for length in (True, False):
                assert (await sent(through.port, "POST", path, limit, length=length)).status == 200
                for size in (limit + 1, limit + 10, limit + 900_000, limit + 8 * MEBIBYTE):
                    said = await sent(through.port, "POST", path, size, length=length)
                    assert (said.status, said.slug) == (413, "payload-too-large"), (path, size, length)
        for length in (True, False):  # and nothing of it is held for somebody who is not known
            for given, size, status in (
                ("", 2 * MEBIBYTE, 401),
                ("Bearer forged", 8 * MEBIBYTE, 401),
                (credentials, 3 * MEBIBYTE, 200),
                (credentials, 3 * MEBIBYTE + 1, 413),
            ):
                said = await sent(through.port, "POST", "/known", size, length=length, Authorization=given)
                assert said.status == status, (given, size, length)
        assert through.broken == []


async def test_the_answer_waits_for_a_slow_writer(gateway: Gateway) -> None:
    async with connected(gateway.settings.envoy_port) as slow:
        await slow.write(head("POST", ORDERS, Content_Length=2 * MEBIBYTE), *plain(MEBIBYTE))
        assert await slow.silent()
        await slow.write(*plain(MEBIBYTE))
        assert (await slow.said()).status == 401
        await slow.write(head("GET", "/nothing"))  # and the connection is of further use
        assert (await slow.said()).status == 404


async def written_until_cut(connection: Connection) -> int:
    piece, written = next(chunked(PIECE)), 0
    with suppress(ConnectionError):
        while written < 4 * DISCARDED:
            await connection.write(piece)
            written += PIECE
    return written


async def test_who_goes_on_for_ever_is_cut(gateway: Gateway) -> None:
    async with ordering(gateway) as credentials:
        for headers in ({"Authorization": credentials}, {}):
            async with tunnel(gateway.settings.envoy_port) as through, connected(through.port) as endless:
                await endless.write(head("POST", ORDERS, Transfer_Encoding="chunked", **headers))
                assert DISCARDED <= await written_until_cut(endless) < 2 * DISCARDED
                await until(lambda: is_broken(through))
        announced = head("POST", ORDERS, Content_Length=2 * DISCARDED, Authorization=credentials)
        async with connected(gateway.settings.envoy_port) as connection:
            await connection.write(announced)
            assert (await connection.said()).status == 413, "before a byte of it was sent"


async def is_broken(through: Tunnel) -> bool:
    return bool(through.broken)


async def test_who_waits_for_a_100_is_refused_before_the_body(gateway: Gateway) -> None:
    async with ordering(gateway) as credentials:
        known = {"Authorization": credentials}
        for method, path, headers, status in (
            ("POST", ORDERS, {**known, "Content-Length": 10 * MEBIBYTE}, 413),
            ("POST", ORDERS, {**known, "Content-Length": MEBIBYTE + 1}, 413),
            ("POST", ORDERS, {"Content-Length": 10}, 401),
            ("POST", ORDERS, {"Content-Length": 10 * MEBIBYTE}, 401),
            ("PUT", ORDERS, {"Content-Length": 10 * MEBIBYTE}, 405),
            ("POST", "/nothing", {"Content-Length": 10}, 404),
            ("POST", ORDERS, {**known, "Transfer-Encoding": "chunked"}, 417),
        ):
            for expected in ("100-continue", "100-Continue"):
                async with connected(gateway.settings.envoy_port) as waiting:
                    await waiting.write(head(method, path, Expect=expected, **headers))
                    assert (await waiting.said()).status == status, (method, path, headers)


async def test_who_waits_for_a_100_gets_it_when_the_body_is_welcome(gateway: Gateway) -> None:
    async with ordering(gateway) as credentials, connected(gateway.settings.envoy_port) as waiting:
        await waiting.write(
            head("POST", ORDERS, Content_Length=MEBIBYTE, Authorization=credentials, Expect="100-continue")
        )
        assert (await waiting.head())[0] == 100
        await waiting.write(*plain(MEBIBYTE))
        said = await waiting.said()
        assert said.status == 200
        assert b'"bytes":1048576' in said.body
        await waiting.write(head("GET", ORDERS, Authorization=credentials, Expect="100-continue"))
        said = await waiting.said()
        said = await waiting.said() if said.status == 100 else said  # servers may say it, needed or not
        assert said.status == 200


async def test_a_body_by_http2_is_answered_the_same(gateway: Gateway) -> None:
    async with ordering(gateway) as credentials:
        headers = {"authorization": credentials, "content-length": str(10 * MEBIBYTE)}
        port = gateway.settings.envoy_port
        assert await body_by_http2(port, ORDERS, 10 * MEBIBYTE, headers) == 413
        assert await body_by_http2(port, ORDERS, 10 * MEBIBYTE, {}) in {401, 413}
        assert await body_by_http2(port, ORDERS, 10 * MEBIBYTE, headers | {"authorization": "Bearer x"}) == 401
        assert await body_by_http2(port, "/nothing", 10, {}) == 404


async def test_libraries_that_write_before_they_read_see_the_answer(gateway: Gateway) -> None:
    body = b" " * (10 * MEBIBYTE)

    def by_http_client() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", through.port, timeout=30)
        try:
            connection.request("POST", ORDERS, body, {"Authorization": credentials})
            return connection.getresponse().status
        finally:
            connection.close()

    def by_requests() -> int:
        url = f"http://127.0.0.1:{through.port}{ORDERS}"
        with requests.Session() as session:
            session.trust_env = False
            return session.post(url, data=iter([body]), headers={"Authorization": credentials}, timeout=30).status_code

    async with ordering(gateway) as credentials, tunnel(gateway.settings.envoy_port) as through:
        assert await asyncio.to_thread(by_http_client) == 413
        assert await asyncio.to_thread(by_requests) == 413
        answer = await gateway.call("POST", ORDERS, token=credentials.removeprefix("Bearer "), data=BytesIO(body))
        assert_problem(answer, 413, "payload-too-large")
        assert through.broken == []

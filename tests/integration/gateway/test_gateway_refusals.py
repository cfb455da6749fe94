"""What Envoy answers by itself: problem details that a person can act on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest

from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import Gateway


async def test_unknown_path_and_method_come_before_the_token(gateway: Gateway) -> None:
    assert_problem(await gateway.call("GET", "/api/v1/nothing"), 404, "not-found")
    assert_problem(await gateway.call("GET", "/api/v1/orders/1/2", token="broken"), 404, "not-found")
    refused = await gateway.call("DELETE", "/api/v1/orders")
    assert_problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD, POST"
    assert (await gateway.call("PUT", "/api/v1/orders/1/timeline")).headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "claims", [{"exp": 1}, {"iss": "http://another"}, {"aud": "another"}], ids=["expired", "issuer", "audience"]
)
async def test_a_token_of_another_time_place_or_audience_is_401(gateway: Gateway, claims: dict[str, Any]) -> None:
    for token in (None, "garbage", gateway.issuer.token(**claims)):
        answer = await gateway.call("GET", "/api/v1/orders", token=token)
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_no_ready_endpoint_is_503_with_retry_after(gateway: Gateway) -> None:
    answer = await gateway.call("GET", "/api/v1/orders", token=gateway.issuer.token())
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_body_above_one_mebibyte_is_413_with_and_without_a_length(gateway: Gateway) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 65536

    limit = 1024 * 1024
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        exact = await gateway.call("POST", "/api/v1/orders", token=token, data=BytesIO(b"x" * limit))
        assert (exact.status, exact.body["bytes"]) == (200, limit)
        for body in (BytesIO(b"x" * (limit + 1)), pieces()):
            refused = await gateway.call("POST", "/api/v1/orders", token=token, data=body)
            assert_problem(refused, 413, "payload-too-large")


async def test_headers_that_are_too_large_and_requests_that_are_none(gateway: Gateway) -> None:
    large = await gateway.call("GET", "/api/v1/products", headers={"x-large": "x" * 70_000})
    assert_problem(large, 431, "header-too-large")
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.envoy_port)
    writer.write(b"NONSENSE\r\n\r\n")
    said = await asyncio.wait_for(reader.read(4096), 5)
    writer.close()
    assert said.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in said
    assert b"x-trace-id" in said


async def test_each_subject_has_a_limit_of_its_own(gateway: Gateway) -> None:
    greedy, modest = gateway.issuer.token("greedy"), gateway.issuer.token("modest")
    answers = await asyncio.gather(*(gateway.call("GET", "/api/v1/orders", token=greedy) for _ in range(450)))
    counted = Counter(answer.status for answer in answers)
    assert counted[503] >= 200
    assert counted[429] > 0
    refused = next(answer for answer in answers if answer.status == 429)
    assert_problem(refused, 429, "too-many-requests")
    assert int(refused.headers["retry-after"]) >= 1
    assert await gateway.status("/api/v1/orders", token=modest) == 503


async def test_sign_ups_and_log_ins_are_limited_each_by_itself(gateway: Gateway) -> None:
    for path in ("/api/v1/customers", "/api/v1/tokens"):
        keys = ({"idempotency-key": "k"} if number % 2 else {} for number in range(200))
        counted = Counter([(await gateway.call("POST", path, json={}, headers=key)).status for key in keys])
        assert counted.keys() == {503, 429}
        # A token comes back each half second, and the calls take some of them.
        assert 120 <= counted[503] < 150
    assert (await gateway.call("POST", "/api/v1/tokens/refresh", json={})).status == 503

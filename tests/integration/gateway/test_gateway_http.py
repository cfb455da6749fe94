"""HTTP as RFC 9110 has it: schemes in any case of letters, HEAD, odd targets."""

import asyncio

import pytest

from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import Gateway
from tests.support.serving import until
from tests.support.stubborn import connected, head

ORDERS = "/api/v1/orders"


@pytest.mark.parametrize("before", ["Bearer ", "bearer ", "BEARER ", "bEaReR    "])
async def test_the_scheme_of_a_token_is_written_in_any_case_with_any_blanks(gateway: Gateway, before: str) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        answer = await gateway.call("GET", ORDERS, headers={"authorization": before + token})
        assert answer.status == 200
        assert answer.body["headers"]["authorization"] == before + token, "services look at it themselves"


async def test_the_limit_of_a_subject_is_one_whatever_the_case_of_the_scheme(gateway: Gateway) -> None:
    path = gateway.folder / "gateway.yaml"
    path.write_text(path.read_text().replace("requests: 100, interval: 1s, burst: 200", "requests: 1, interval: 9m"))
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])

        async def limited() -> bool:
            return await gateway.status(ORDERS, token=token) == 429

        await until(limited, 4.0)
        other = gateway.issuer.token("another")
        statuses = [
            (await gateway.call("GET", ORDERS, headers={"authorization": f"{scheme} {other}"})).status
            for scheme in ("Bearer", "bearer", "BEARER  ")
        ]
        assert statuses == [200, 429, 429]


@pytest.mark.parametrize(
    "given", ["Basic {}", "Bearerx {}", "x Bearer {}", "Bearer\t{}", "{}", "Bearer", "Bearer {}, x"]
)
async def test_other_credentials_are_401(gateway: Gateway, given: str) -> None:
    credentials = given.format(gateway.issuer.token())
    async with connected(gateway.settings.envoy_port) as connection:
        await connection.write(head("GET", ORDERS, Authorization=credentials))
        said = await connection.said()
    assert (said.status, said.headers["www-authenticate"]) == (401, "Bearer")


async def test_head_is_get_without_its_body(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        for path, authorization in ((ORDERS, f"Bearer {token}"), (ORDERS, ""), ("/nothing", "")):
            async with connected(gateway.settings.envoy_port) as connection:
                await connection.write(head("GET", path, Authorization=authorization))
                got = await connection.said()
                await connection.write(head("HEAD", path, Authorization=authorization))
                headed = await connection.said(body=False)
                assert headed.status == got.status
                assert headed.headers["content-type"] == got.headers["content-type"]
                await connection.write(head("GET", "/nothing"))
                assert (await connection.said()).status == 404, "nothing of a body came before"


async def test_what_cannot_be_read_is_told_who_may_not_read(gateway: Gateway) -> None:
    answer = await gateway.call("HEAD", "/api/v1/tokens")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    options = await gateway.call("OPTIONS", ORDERS)
    assert_problem(options, 405, "method-not-allowed")
    assert options.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("target", "statuses"),
    [
        ("http://another/api/v1/nothing", {404}),
        ("/api/v1//nothing", {404}),
        ("/api/v1/%2e%2e/nothing", {404}),
        ("/api/v1/products/%ff", {503}),
        ("/api/v1/products?q=%00%ff", {503}),
        ("/api/v1/%00", {400, 404}),
        ("/" + "x" * 70_000, {414, 431}),
    ],
)
async def test_odd_targets_are_answered_as_problems(gateway: Gateway, target: str, statuses: set[int]) -> None:
    async with connected(gateway.settings.envoy_port) as connection:
        await connection.write(head("GET", target))
        said = await connection.said()
    assert said.status in statuses
    assert said.headers["content-type"] == "application/problem+json"
    assert said.slug


async def test_what_only_proxies_are_asked_is_answered_at_once(gateway: Gateway) -> None:
    for method, target, statuses in (
        ("CONNECT", "another:443", {404}),
        ("TRACE", ORDERS, {405}),
        ("BREW", ORDERS, {405}),
    ):
        async with connected(gateway.settings.envoy_port) as connection:
            await connection.write(head(method, target))
            async with asyncio.timeout(5):
                assert (await connection.said()).status in statuses, method

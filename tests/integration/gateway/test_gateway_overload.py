"""A service that takes no more for the moment is left in peace: it is not asked again, and not held for ill."""

import pytest

from services.chassis.http.problems import OVERLOADED, InternalError, Overloaded, Problem, Unavailable
from tests.integration.gateway.checks import Answer, assert_problem
from tests.integration.gateway.conftest import Gateway
from tests.support.serving import until

BUSY = Overloaded("Too much to do; send the same request again later.", retry_after=7)
KEY = {"idempotency-key": "k"}


async def _place(gateway: Gateway, token: str) -> Answer:
    return await gateway.call("POST", "/api/v1/orders", token=token, json={}, headers=KEY)


async def test_an_overloaded_answer_is_not_asked_for_again_and_reaches_the_client_as_it_is(gateway: Gateway) -> None:
    async with gateway.service("order") as (service, port):
        token = await gateway.reachable(order=[port])
        service.problem, before = BUSY, service.requests
        answer = await _place(gateway, token)
        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "7"
        assert OVERLOADED not in answer.headers
        assert service.requests == before + 1


async def test_any_other_503_is_asked_for_again(gateway: Gateway) -> None:
    async with gateway.service("order") as (service, port):
        token = await gateway.reachable(order=[port])
        service.problem, before = Unavailable("Restarting."), service.requests
        assert_problem(await _place(gateway, token), 503, "unavailable")
        assert service.requests == before + 3


async def _is_held_for_ill(gateway: Gateway, port: int) -> bool:
    async with gateway.http.get(f"http://127.0.0.1:{gateway.settings.envoy_admin_port}/clusters") as answer:
        states = [line for line in (await answer.text()).splitlines() if f":{port}::health_flags" in line]
    return "outlier" in "".join(states)


@pytest.mark.parametrize(
    ("problem", "ill"), [(BUSY, False), (InternalError("A fault."), False), (Unavailable("Restarting."), True)]
)
async def test_an_endpoint_that_is_overloaded_stays_in_use_and_one_that_fails_does_not(
    gateway: Gateway, problem: Problem, ill: bool
) -> None:
    async with (
        gateway.service("one") as (one, first),
        gateway.service("two") as (_, second),
        gateway.service("three") as (_, third),
    ):
        token = await gateway.reachable(order=[first, second, third])
        one.problem = problem
        for _ in range(90):
            await _place(gateway, token)
        assert one.requests > 5
        assert await _is_held_for_ill(gateway, first) is ill


async def test_an_endpoint_that_cannot_be_reached_is_held_for_ill(gateway: Gateway) -> None:
    async with gateway.service("one") as (_, first), gateway.service("two") as (_, second):
        async with gateway.service("dead") as (_, dead):
            pass
        token = await gateway.reachable(order=[first])
        gateway.discovery.put(order=[first, second, dead])

        async def noticed() -> bool:
            assert (await _place(gateway, token)).status == 200
            return await _is_held_for_ill(gateway, dead)

        await until(noticed)

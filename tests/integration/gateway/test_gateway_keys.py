"""While the issuer's keys are not to be had, what is public works and what is protected says that it is not ready."""

from pathlib import Path

from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import started
from tests.integration.gateway.test_gateway_changes import answers
from tests.support.serving import until


async def test_without_keys_public_paths_work_and_protected_ones_wait_for_them(tmp_path: Path) -> None:
    async with started(tmp_path, published=False) as gateway, gateway.service("product") as (_, port):
        gateway.discovery.put(product=[port])
        await answers(gateway, "/api/v1/products", 200)
        assert_problem(await gateway.call("GET", "/api/v1/orders"), 503, "unavailable")
        gateway.issuer.published = True
        await answers(gateway, "/api/v1/orders", 401, within=10)


async def test_when_the_keys_arrive_no_valid_token_is_refused_on_a_connection_that_was_there_before(
    tmp_path: Path,
) -> None:
    seen = set[int]()
    async with started(tmp_path, published=False) as gateway, gateway.service("order") as (_, port):
        gateway.discovery.put(order=[port])
        token = gateway.issuer.token()

        async def answered(wanted: int) -> bool:
            seen.add(status := await gateway.status("/api/v1/orders", token=token))
            return status == wanted

        await until(lambda: answered(503))
        gateway.issuer.published = True
        await until(lambda: answered(200), 10)
    assert seen == {503, 200}

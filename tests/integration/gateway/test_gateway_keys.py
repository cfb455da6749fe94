"""While the issuer's keys are not to be had, what is public works and what is protected says that it is not ready."""

from pathlib import Path

from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import started
from tests.integration.gateway.test_gateway_changes import answers


async def test_without_keys_public_paths_work_and_protected_ones_wait_for_them(tmp_path: Path) -> None:
    async with started(tmp_path, published=False) as gateway, gateway.service("product") as (_, port):
        gateway.discovery.put(product=[port])
        await answers(gateway, "/api/v1/products", 200)
        assert_problem(await gateway.call("GET", "/api/v1/orders"), 503, "unavailable")
        gateway.issuer.published = True
        await answers(gateway, "/api/v1/orders", 401, within=10)

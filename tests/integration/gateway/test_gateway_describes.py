"""`/openapi.json` and `/docs` through Envoy, merged of what the services behind it say."""

from tests.integration.gateway.conftest import Gateway
from tests.support.serving import until

ORDERS = "/api/v1/orders"


async def paths(gateway: Gateway) -> set[str]:
    answer = await gateway.call("GET", "/openapi.json")
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    return set(answer.body["paths"])


async def test_a_service_is_described_once_it_can_be_reached_and_stays_so_while_it_is_down(gateway: Gateway) -> None:
    async def described() -> bool:
        return ORDERS in await paths(gateway)

    assert not await described()
    async with gateway.service("order") as (service, port):
        service.describe(ORDERS, "/internal")
        gateway.discovery.put(order=[port])
        await until(described)
    assert "/internal" not in await paths(gateway)
    gateway.discovery.put(order=[])
    async with gateway.service("product") as (product, port):
        product.describe("/api/v1/products")
        gateway.discovery.put(product=[port])

        async def both() -> bool:
            return {ORDERS, "/api/v1/products"} <= await paths(gateway)

        await until(both)


async def test_what_is_no_description_harms_nobody_and_a_mended_one_is_taken(gateway: Gateway) -> None:
    async with gateway.service("order") as (order, order_port), gateway.service("product") as (product, port):
        order.description, product.description = {"paths": 1}, None
        await gateway.reachable(order=[order_port], product=[port])
        assert not {ORDERS, "/api/v1/products"} & await paths(gateway)
        order.describe(ORDERS)

        async def mended() -> bool:
            return ORDERS in await paths(gateway)

        await until(mended)


async def test_the_gateway_is_reached_itself_whatever_discovery_lists_under_its_name(gateway: Gateway) -> None:
    envoy = gateway.settings.envoy_port
    async with gateway.service("order") as (_, port):
        await gateway.reachable(order=[port], gateway=[envoy])
        assert "/docs" in await paths(gateway)


async def test_the_document_is_sent_again_only_when_it_has_changed(gateway: Gateway) -> None:
    for path in ("/openapi.json", "/docs"):
        first = await gateway.call("GET", path)
        again = await gateway.call("GET", path, headers={"if-none-match": first.headers["etag"]})
        assert (first.status, again.status) == (200, 304)
        assert len(again.headers["x-trace-id"]) == 32


async def test_the_page_comes_with_a_policy_that_lets_nothing_else_in(gateway: Gateway) -> None:
    answer = await gateway.call("GET", "/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert "<title>Mercato API</title>" in answer.body


async def test_without_the_control_plane_its_paths_answer_503_and_all_else_goes_on(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        await gateway.parts.aclose()
        answer = await gateway.call("GET", "/openapi.json")
        assert answer.status == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert await gateway.status(ORDERS, token=token) == 200

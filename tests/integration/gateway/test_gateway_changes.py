"""Edits of the folder, and life without discovery, issuer and control plane."""

from services.gateway.app import build
from tests.integration.gateway.checks import assert_problem
from tests.integration.gateway.conftest import Gateway
from tests.support.serving import served, until

NEW = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: new}
spec:
  parentRefs: [{name: mercato}]
  rules:
    - matches: [{path: {type: Exact, value: /new}}]
      backendRefs: [{name: BACKEND, port: 80}]
---
apiVersion: mercato.dev/v1alpha1
kind: GatewayPolicy
metadata: {name: new}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: new}]
  token: NotRequired
"""


def written(gateway: Gateway) -> dict[str, int]:
    """When each of Envoy's files was last written."""
    files = gateway.settings.envoy_directory.glob("*/*.json")
    return {path.name: path.stat().st_mtime_ns for path in files if path.parent.name != "memory"}


async def answers(gateway: Gateway, path: str, status: int, *, within: float = 2.0) -> None:
    async def does() -> bool:
        return await gateway.status(path) == status

    await until(does, within)


async def test_a_new_route_file_is_in_force_within_two_seconds_and_gone_as_soon(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        await gateway.reachable(order=[port])
        path = gateway.folder / "new.yaml"
        path.write_text(NEW.replace("BACKEND", "order"))
        await answers(gateway, "/new", 200)
        path.unlink()
        await answers(gateway, "/new", 404)


async def test_a_backend_that_does_not_exist_is_500_and_is_named(gateway: Gateway) -> None:
    (gateway.folder / "new.yaml").write_text(NEW.replace("BACKEND", "nobody"))
    await answers(gateway, "/new", 500)
    assert_problem(await gateway.call("GET", "/new"), 500, "internal-error")
    refused = (await gateway.table())["refused"]
    assert [item for item in refused if "nobody" in item["reason"] and "new" in item["document"]]
    async with gateway.service("nobody") as (_, port):
        gateway.discovery.put(nobody=[port])
        await answers(gateway, "/new", 200)


async def test_a_broken_file_is_named_and_harms_no_route(gateway: Gateway) -> None:
    (gateway.folder / "broken.yaml").write_text("kind: [\n---" + NEW.replace("BACKEND", "order"))
    await answers(gateway, "/new", 503)
    assert await gateway.status("/api/v1/products") == 503
    assert await gateway.status("/api/v1/orders") == 401
    refused = (await gateway.table())["refused"]
    assert [item["document"] for item in refused] == ["broken.yaml#1"]


async def test_the_table_shows_routes_limits_and_endpoints(gateway: Gateway) -> None:
    gateway.discovery.put(order=[1])

    async def shown() -> bool:
        lines = {line["name"]: line for line in (await gateway.table())["routes"]}
        backends: object = lines["orders/place"]["backends"]
        return backends == [{"name": "order", "weight": 1, "endpoints": ["127.0.0.1:1"]}]

    await until(shown)
    table = await gateway.table()
    assert table["keys_known"]
    assert {limit["per"] for limit in table["limits"]} == {"Subject", "Address"}


async def test_envoy_serves_on_with_nobody_left_to_ask(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        gateway.discovery.put(order=[port])  # wakes the stream, which ends with the others
        await gateway.parts.aclose()
        assert await gateway.status("/api/v1/orders", token=token) == 200
        assert await gateway.status("/api/v1/orders") == 401


async def test_a_control_plane_that_starts_alone_goes_on_from_what_was_known(gateway: Gateway) -> None:
    async with gateway.service("order") as (_, port):
        token = await gateway.reachable(order=[port])
        await gateway.parts.aclose()
        before = written(gateway)
        async with served(build(gateway.settings)) as url:

            async def ready() -> bool:
                async with gateway.http.get(url + "/readyz") as response:
                    return response.status == 200

            await until(ready)
            assert written(gateway) == before
            assert await gateway.status("/api/v1/orders", token=token) == 200
            (gateway.folder / "new.yaml").write_text(NEW.replace("BACKEND", "order"))
            await answers(gateway, "/new", 200)

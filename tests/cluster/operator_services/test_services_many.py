"""Fifty services at once, and a controller that is cut off among them."""

import asyncio
from typing import Any

import pytest

from tests.cluster.operator_services.cutting import CutOff
from tests.cluster.operator_services.platform import Platform
from tests.support.serving import until

MANY = 50
WITHIN = 120.0


@pytest.mark.long
async def test_all_of_them_converge_after_a_crash_among_them(platform: Platform) -> None:
    async def put(number: int, **spec: Any) -> None:
        given: dict[str, Any] = {"suspend": True, "consumes": ["order.events"], **spec}
        await platform.admin.put(platform.service(f"s{number}", **given))

    async def converged() -> bool:
        path = f"/apis/mercato.dev/v1alpha1/namespaces/{platform.namespace}/commerceservices"
        for each in await platform.admin.items(path):
            conditions = (each.get("status") or {}).get("conditions") or [{}]
            ready: dict[str, Any] = next((one for one in conditions if one.get("type") == "Ready"), {})
            if ready.get("observedGeneration") != each["metadata"]["generation"] or ready["reason"] == "Pending":
                return False
        return True

    await asyncio.gather(*(put(number) for number in range(MANY)))
    client = CutOff(150, done=True)
    async with platform.operated(client=client):
        await until(lambda: _set(client.reached), 60)
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with platform.operated():
        await platform.holds(converged, WITHIN)
        made = loop.time() - started
        await asyncio.gather(*(put(number, replicas=3) for number in range(MANY)))
        await platform.holds(converged, WITHIN)
        await asyncio.gather(*(platform.admin.delete(platform.service(f"s{number}")) for number in range(MANY)))
        assert (
            await platform.admin.items(f"/apis/mercato.dev/v1alpha1/namespaces/{platform.namespace}/commerceservices")
            == []
        )
    print(f"{MANY} services were seen to {made:.1f} s after the restart")  # noqa: T201 - stated in the docs


async def _set(event: asyncio.Event) -> bool:
    return event.is_set()

"""Cut off anywhere, the next controller ends where an undisturbed one would have; nothing twice, nothing left."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.cluster.operator_services.cutting import CutOff
from tests.cluster.operator_services.platform import PARTS, WHOLE, Platform
from tests.support.api_server import ApiServer
from tests.support.serving import until


async def names(platform: Platform) -> set[tuple[str, str]]:
    return set((await platform.children("loyalty")).keys())


async def gone(platform: Platform) -> bool:
    return bool((await platform.admin.get(platform.service("loyalty")))["kind"] == "Status")


async def crash(platform: Platform, left: int, *, done: bool) -> bool:
    """Runs a controller until its fatal write; whether it came to that."""
    client = CutOff(left, done=done)
    async with platform.operated(client=client, workers=1):

        async def over() -> bool:
            if client.fatal or await gone(platform):
                return True
            ready = (await platform.conditions("loyalty")).get("Ready", {})
            generation = (await platform.admin.get(platform.service("loyalty")))["metadata"].get("generation")
            return bool(ready.get("observedGeneration") == generation and ready.get("reason") != "Pending")

        await until(over, 20)
        if client.fatal:  # what it wrote may be seen before it dies
            await asyncio.wait_for(client.reached.wait(), 10)
        return client.fatal


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("left", range(11))
async def test_while_it_is_made(platform: Platform, left: int, done: bool) -> None:
    await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
    assert await crash(platform, left, done=done), "there are that many writes"
    async with platform.operated():
        await platform.ready("loyalty")
        assert await names(platform) == PARTS


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("left", range(7))
async def test_while_it_changes(platform: Platform, left: int, done: bool) -> None:
    await platform.admin.put(platform.service("loyalty", **WHOLE))
    async with platform.operated():
        await platform.ready("loyalty")
    rotate: Mapping[str, str] = {"mercato.dev/rotate": "now"}
    less = {"image": "registry.example/loyalty:2.0", "database": {"enabled": True}, "replicas": 1}
    await platform.admin.put(platform.service("loyalty", annotations=dict(rotate), **less))
    assert await crash(platform, left, done=done), "there are that many writes"
    async with platform.operated():
        await platform.ready("loyalty")
        kept = {"ServiceAccount", "Service", "NetworkPolicy", "Deployment", "Secret"}

        async def only() -> bool:
            return await names(platform) == {
                (kind, name) for kind, name in PARTS if kind in kept and not name.endswith("-kafka")
            }

        await platform.holds(only)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("left", range(2))
async def test_while_it_is_removed(platform: Platform, left: int, done: bool) -> None:
    await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
    async with platform.operated():
        await platform.ready("loyalty")
    await platform.admin.delete(platform.service("loyalty"))
    assert await crash(platform, left, done=done), "there are that many writes"
    async with platform.operated():

        async def ended() -> bool:
            return await gone(platform)

        await platform.holds(ended)
    assert not platform.has_database("loyalty")
    assert not platform.has_role("loyalty")


async def test_the_api_server_goes_and_comes_back(platform: Platform, api: ApiServer) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        api.server.stop()
        api.server.start()
        await platform.admin.put(platform.service("loyalty", **{**WHOLE, "image": "registry.example/loyalty:2.0"}))
        await platform.ready("loyalty")
        await platform.admin.delete(await platform.found("Service", "loyalty"))

        async def back() -> bool:
            return await platform.exists("Service", "loyalty")

        await platform.holds(back, 30)

"""What stays and what goes when a CommerceService is deleted."""

import pytest

from tests.cluster.operator_services.platform import WHOLE, Platform, Topics

FINALIZER = "mercato.dev/cleanup"


async def finalizers(platform: Platform, name: str = "loyalty") -> list[str]:
    found: list[str] = (await platform.admin.get(platform.service(name)))["metadata"].get("finalizers", [])
    return found


async def gone(platform: Platform, name: str = "loyalty") -> bool:
    return bool((await platform.admin.get(platform.service(name)))["kind"] == "Status")


async def test_under_retain_it_goes_at_once_and_its_data_stays(platform: Platform) -> None:
    topics = Topics()
    async with platform.operated(topics):
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        uid = (await platform.admin.get(platform.service("loyalty")))["metadata"]["uid"]
        await platform.admin.delete(platform.service("loyalty"))
        assert await gone(platform), "nothing holds it"

        async def forgotten() -> bool:
            return not topics.uses.all()

        await platform.holds(forgotten)
        # The garbage collector, of which there is none here, removes what has no owner any more.
        for each in (await platform.children("loyalty")).values():
            assert [owner["uid"] for owner in each["metadata"]["ownerReferences"]] == [uid]
    assert platform.has_database("loyalty")
    assert platform.has_role("loyalty")


async def test_a_service_that_comes_again_has_its_data_again(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        await platform.admin.delete(platform.service("loyalty"))
        for each in (await platform.children("loyalty")).values():
            await platform.admin.delete(each)
        await platform.admin.put(platform.service("loyalty", **WHOLE))
        await platform.ready("loyalty")
        assert (await platform.conditions("loyalty"))["DatabaseReady"]["status"] == "True"


async def test_what_an_earlier_one_left_is_waited_out_and_not_called_somebody_elses(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty"))
        await platform.ready("loyalty")
        await platform.admin.delete(platform.service("loyalty"))
        await platform.admin.put(platform.service("loyalty"))
        told = await platform.tells("loyalty", "Ready", "Waiting")
        assert "still being removed" in told["message"]
        assert (await platform.conditions("loyalty"))["Conflict"]["status"] == "False"
        for each in (await platform.children("loyalty")).values():
            await platform.admin.delete(each)
        await platform.ready("loyalty")


async def test_under_delete_database_and_role_go_with_it(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
        await platform.ready("loyalty")
        assert await finalizers(platform) == [FINALIZER]
        await platform.admin.delete(platform.service("loyalty"))

        async def ended() -> bool:
            return await gone(platform)

        await platform.holds(ended)
    assert not platform.has_database("loyalty")
    assert not platform.has_role("loyalty")
    assert not await platform.exists("Deployment", "loyalty")


async def test_deleted_while_nobody_looks_it_is_cleaned_up_later(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
        await platform.ready("loyalty")
    await platform.admin.delete(platform.service("loyalty"))
    assert not await gone(platform)
    async with platform.operated():

        async def ended() -> bool:
            return await gone(platform)

        await platform.holds(ended)
    assert not platform.has_database("loyalty")


async def test_a_policy_that_changes_back_takes_the_finalizer_off(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
        await platform.ready("loyalty")
        await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Retain"))

        async def off() -> bool:
            return await finalizers(platform) == []

        await platform.holds(off)
        await platform.admin.delete(platform.service("loyalty"))
        assert await gone(platform)
    assert platform.has_database("loyalty")


async def test_while_postgresql_is_away_the_end_waits_and_says_how_to_let_go(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Delete"))
        await platform.ready("loyalty")
    async with platform.operated(postgres_port=9):
        await platform.admin.delete(platform.service("loyalty"))
        told = await platform.tells("loyalty", "Ready", "Unreachable")
        assert "set spec.deletionPolicy to Retain" in told["message"]
        await platform.admin.put(platform.service("loyalty", **WHOLE, deletionPolicy="Retain"))

        async def ended() -> bool:
            return await gone(platform)

        await platform.holds(ended)
    assert platform.has_database("loyalty")


async def test_a_database_that_is_switched_off_under_delete_is_dropped(platform: Platform) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", database={"enabled": True}, deletionPolicy="Delete"))
        await platform.ready("loyalty")
        await platform.admin.put(platform.service("loyalty", database={"enabled": False}, deletionPolicy="Delete"))
        await platform.ready("loyalty")

        async def dropped() -> bool:
            return not platform.has_database("loyalty") and not await platform.exists("Secret", "loyalty-database")

        await platform.holds(dropped)


@pytest.mark.parametrize("policy", ["Retain", "Delete"])
async def test_a_service_without_a_database_goes_too(platform: Platform, policy: str) -> None:
    async with platform.operated():
        await platform.admin.put(platform.service("loyalty", deletionPolicy=policy))
        await platform.ready("loyalty")
        await platform.admin.delete(platform.service("loyalty"))

        async def ended() -> bool:
            return await gone(platform)

        await platform.holds(ended)

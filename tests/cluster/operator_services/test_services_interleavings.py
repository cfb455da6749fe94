"""Whatever is changed, removed and cut off in whatever order: in the end there is what the last object asks for."""

import random
from typing import Any

import pytest
from mercato_operator.services.kinds import contains
from mercato_operator.services.model import commerce_service
from mercato_operator.services.parts.rendering import children, secret_names

from tests.cluster.operator_services.cutting import CutOff
from tests.cluster.operator_services.platform import WHOLE, Platform, Topics
from tests.support.administrator import Object

SPECS: list[dict[str, Any]] = [
    {**WHOLE},
    {**WHOLE, "suspend": True},
    {**WHOLE, "replicas": 1, "config": {}},
    {**WHOLE, "image": "registry.example/loyalty:2.0", "consumes": [], "produces": ["loyalty.events"]},
    {"database": {"enabled": True}, "autoscaling": {"minReplicas": 2, "maxReplicas": 4}},
    {"database": {"enabled": True}, "port": 8000, "route": {"pathPrefix": "/api/v1/points"}},
]
LIVES, CHANGES = 4, 3


@pytest.mark.parametrize("seed", range(8))
async def test_the_end_is_what_the_last_object_asks_for(platform: Platform, seed: int) -> None:
    chance = random.Random(seed)
    policy = chance.choice(["Retain", "Delete"])
    for _ in range(LIVES):
        client = CutOff(chance.randrange(16), done=chance.random() < 0.5)
        async with platform.operated(client=client):
            for _ in range(chance.randrange(1, CHANGES + 1)):
                await step(platform, chance, policy)

            async def over(client: CutOff = client) -> bool:
                return client.reached.is_set() or await at_rest(platform)

            await platform.holds(over, 30, "loyalty")
    rotate = {"mercato.dev/rotate": f"{seed}"}
    last = platform.service("loyalty", annotations=rotate, **chance.choice(SPECS), deletionPolicy=policy)
    topics = Topics()
    async with platform.operated(topics):
        await platform.holds(lambda: taken(platform, last), 30)
        reason = "Suspended" if last["spec"].get("suspend") else "Ready"
        await collected(platform)
        await platform.ready("loyalty", reason)
        await platform.holds(lambda: as_asked(platform, topics), 30, "loyalty")


async def step(platform: Platform, chance: random.Random, policy: str) -> None:
    """What a person, or an accident, does."""
    what = chance.choice(["change", "change", "rotate", "delete", "remove a child"])
    if what == "delete":
        await platform.admin.delete(platform.service("loyalty"))
        await collected(platform)
    elif what == "remove a child":
        if made := list((await platform.children("loyalty")).values()):
            await platform.admin.delete(chance.choice(made))
    else:
        annotations = {"mercato.dev/rotate": f"{chance.randrange(3)}"} if what == "rotate" else None
        await taken(
            platform,
            platform.service("loyalty", annotations=annotations, **chance.choice(SPECS), deletionPolicy=policy),
        )


async def taken(platform: Platform, content: Object) -> bool:
    """Put in place; one that is on its way out takes no change, and has to go first."""
    if "deletionTimestamp" in (await platform.admin.get(content))["metadata"]:
        return False
    await platform.admin.put(content)
    return True


async def collected(platform: Platform) -> None:
    """As the garbage collector does."""
    found = await platform.admin.get(platform.service("loyalty"))
    uid = None if found["kind"] == "Status" else found["metadata"]["uid"]
    for each in (await platform.children("loyalty")).values():
        if uid not in {owner["uid"] for owner in each["metadata"]["ownerReferences"]}:
            await platform.admin.delete(each)


async def at_rest(platform: Platform) -> bool:
    """Gone, or all was seen to that could be."""
    await collected(platform)
    found = await platform.admin.get(platform.service("loyalty"))
    if found["kind"] == "Status":
        return True
    if await platform.exists("Deployment", "loyalty"):
        await platform.roll_out("loyalty")
    ready = (await platform.conditions("loyalty")).get("Ready", {})
    return bool(ready.get("status") == "True" and ready["observedGeneration"] == found["metadata"]["generation"])


async def as_asked(platform: Platform, topics: Topics) -> bool:
    service = commerce_service(await platform.admin.get(platform.service("loyalty")))
    found = await platform.children("loyalty")
    template = found["Deployment", "loyalty"]["spec"]["template"]["metadata"]
    wanted = {
        (each["kind"], each["metadata"]["name"].removeprefix(f"{platform.prefix}-")): each
        for each in children(service, platform.settings, template.get("annotations", {}), routed=True)
    }
    secrets = {
        ("Secret", name.removeprefix(f"{platform.prefix}-")) for name in secret_names(service, platform.settings)
    }
    uses = {platform.name("loyalty")} if service.messages else set()
    return (
        found.keys() == wanted.keys() | secrets
        and all(contains(found[key], each) for key, each in wanted.items())
        and topics.uses.all().keys() == uses
        and platform.has_database("loyalty")
    )

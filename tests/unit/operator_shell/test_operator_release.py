"""When the operator is uninstalled, nothing waits for it."""

from typing import Any

from mercato_operator.jobs.release import release
from mercato_operator.services.kinds import SERVICES
from mercato_operator.topics.objects import ORDER_TOPICS

from tests.support.fake_api import FakeApi


async def test_services_are_let_go_too() -> None:
    api: Any = FakeApi()
    api.put(SERVICES, "team", "loyalty", {"image": "loyalty:1"})
    await api.merge(SERVICES, "team", "loyalty", {"metadata": {"finalizers": ["mercato.dev/cleanup"]}})
    assert await release(api, ("shop", "team")) == 1
    assert not api.objects["commerceservices", "team", "loyalty"]["metadata"].get("finalizers")


async def test_finalizers_are_taken_off_and_others_left_alone() -> None:
    api: Any = FakeApi()
    for name in ("held", "free", "ending"):
        api.put(ORDER_TOPICS, "shop", name, {"partitions": 1})
    for name in ("held", "ending"):
        await api.merge(ORDER_TOPICS, "shop", name, {"metadata": {"finalizers": ["another", "mercato.dev/cleanup"]}})
    await api.merge(ORDER_TOPICS, "shop", "ending", {"metadata": {"finalizers": ["mercato.dev/cleanup"]}})
    api.end(ORDER_TOPICS, "shop", "ending")
    assert await release(api, ("shop",)) == 2
    assert ("ordertopics", "shop", "ending") not in api.objects
    assert api.objects["ordertopics", "shop", "held"]["metadata"]["finalizers"] == ["another"]
    assert await release(api, ("shop",)) == 0

"""When the topics controller looks at the world: after changes, at intervals, and again after a failure."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from mercato_operator.kafka.progress import NOTHING_KNOWN
from mercato_operator.topics import controller as module
from mercato_operator.topics.controller import TopicsController
from mercato_operator.topics.objects import ORDER_TOPICS
from mercato_operator.topics.uses import Use, Uses

from services.chassis.kube.client import KubernetesError, Object
from services.chassis.retry import Backoff
from tests.support.serving import until


class Work:
    """A pass that counts, and fails as often as it is told."""

    def __init__(self) -> None:
        self.passes, self.failures = 0, 0
        self.reads: Sequence[Any] = ()
        self.logs = NOTHING_KNOWN

    async def run(self) -> bool:
        self.passes += 1
        if self.failures:
            self.failures -= 1
            raise KubernetesError("no answer")
        return False


def body(generation: int = 1, **status: object) -> Object:
    metadata = {"namespace": "shop", "name": "a", "uid": "1", "generation": generation, "resourceVersion": str(status)}
    return {"metadata": metadata, "status": status}


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def uses() -> Uses:
    return Uses()


@pytest.fixture
async def controller(work: Any, uses: Uses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TopicsController]:
    """Running, its first pass done, and no pass due for long."""
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(module, "BACKOFF", Backoff(first=0.01, limit=15.0))
    made = TopicsController(work, uses, resync=3600)
    await made.start()
    await passes(work, 1)
    yield made
    await made.stop()


async def passes(work: Work, count: int) -> None:
    async def done() -> bool:
        return work.passes >= count

    await until(done, 5)


async def quiet(work: Work) -> None:
    """Nothing was woken: a pass that is asked for now is the next one."""
    before = work.passes
    await asyncio.sleep(0)
    assert work.passes == before


async def test_an_object_that_changes_wakes_it(controller: TopicsController, work: Work) -> None:
    controller.event(ORDER_TOPICS, "ADDED", body())
    await passes(work, 2)
    controller.event(ORDER_TOPICS, "MODIFIED", body(2))
    await passes(work, 3)
    controller.event(ORDER_TOPICS, "DELETED", body(2))
    await passes(work, 4)


async def test_its_own_statuses_do_not_wake_it(controller: TopicsController, work: Work) -> None:
    controller.event(ORDER_TOPICS, "ADDED", body())
    await passes(work, 2)
    controller.event(ORDER_TOPICS, "MODIFIED", body(observedGeneration=1))
    assert not controller._woken.is_set()
    await quiet(work)


async def test_many_changes_are_one_pass(controller: TopicsController, work: Work) -> None:
    for generation in range(50):
        controller.event(ORDER_TOPICS, "MODIFIED", body(generation))
    await passes(work, 2)
    assert work.passes == 2


async def test_what_services_ask_for_wakes_it(controller: TopicsController, work: Work, uses: Uses) -> None:
    uses.want(Use("loyalty", frozenset(), frozenset(), ("shop", "loyalty-kafka"), "secret"))
    await passes(work, 2)
    uses.forget("loyalty")
    await passes(work, 3)


async def test_a_pass_that_fails_is_repeated(controller: TopicsController, work: Work) -> None:
    work.failures = 3
    controller.event(ORDER_TOPICS, "ADDED", body())
    await passes(work, 5)
    assert controller.healthy() is None


async def test_a_pass_that_hangs_makes_it_unhealthy(controller: TopicsController) -> None:
    controller._ended -= 3600 + module.PASS_SECONDS + 60
    reason = controller.healthy()
    assert reason is not None
    assert "no pass over the OrderTopics has ended" in reason


async def test_it_looks_at_the_world_at_intervals(work: Any, uses: Uses) -> None:
    controller = TopicsController(work, uses, resync=0.02)
    await controller.start()
    try:
        await passes(work, 3)
    finally:
        await controller.stop()

"""Who holds the lease, by clocks that the test turns."""

import asyncio
from typing import Any

import pytest
from mercato_operator.kube.lease import DURATION_SECONDS, LEASES, RENEW_SECONDS, Lease, LeaseLost

from services.chassis.kube.client import KubernetesError
from tests.support.fake_api import FakeApi


class Clock:
    """Time goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("mercato_operator.kube.lease.time.monotonic", made.monotonic)
    monkeypatch.setattr("mercato_operator.kube.lease.asyncio.sleep", made.sleep)
    return made


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def lease(api: Any, holder: str) -> Lease:
    return Lease(api, "shop", "mercato-operator", holder)


def holder(api: FakeApi) -> str:
    return str(api.objects["leases", "shop", "mercato-operator"]["spec"]["holderIdentity"])


async def test_the_first_takes_it(api: FakeApi, clock: Clock) -> None:
    await lease(api, "a").acquire()
    assert holder(api) == "a"


async def test_another_waits_until_it_has_run_out(api: FakeApi, clock: Clock) -> None:
    await lease(api, "a").acquire()
    begun = clock.now
    await lease(api, "b").acquire()
    assert holder(api) == "b"
    assert clock.now - begun > DURATION_SECONDS
    assert api.objects["leases", "shop", "mercato-operator"]["spec"]["leaseTransitions"] == 1


async def test_one_that_is_given_back_is_taken_at_once(api: FakeApi, clock: Clock) -> None:
    first = lease(api, "a")
    await first.acquire()
    await first.release()
    begun = clock.now
    await lease(api, "b").acquire()
    assert (holder(api), clock.now) == ("b", begun)


async def test_the_same_holder_goes_on_at_once(api: FakeApi, clock: Clock) -> None:
    await lease(api, "a").acquire()
    begun = clock.now
    await lease(api, "a").acquire()
    assert clock.now == begun


async def test_a_holder_that_finds_another_ends(api: FakeApi, clock: Clock) -> None:
    first = lease(api, "a")
    await first.acquire()
    found = await api.get(LEASES, "shop", "mercato-operator")
    await api.replace(LEASES, "shop", "mercato-operator", {**found, "spec": {**found["spec"], "holderIdentity": "b"}})
    with pytest.raises(LeaseLost, match="is with b now"):
        await first.keep()


async def test_a_holder_that_cannot_renew_it_ends_before_another_may_take_it(api: FakeApi, clock: Clock) -> None:
    first = lease(api, "a")
    await first.acquire()
    begun = clock.now

    async def away(*_: object) -> object:
        raise KubernetesError("no answer")

    api.get = away  # type: ignore[assignment]
    with pytest.raises(LeaseLost, match="could not be renewed"):
        await first.keep()
    assert RENEW_SECONDS < clock.now - begun < DURATION_SECONDS


async def test_a_process_that_was_stopped_notices_before_it_does_anything(api: FakeApi, clock: Clock) -> None:
    first = lease(api, "a")
    await first.acquire()
    clock.now += 100
    writes = api.writes
    with pytest.raises(LeaseLost):
        await first.keep()
    assert api.writes == writes


async def test_of_two_that_try_at_once_one_gets_it(api: FakeApi, clock: Clock) -> None:
    both = [asyncio.create_task(lease(api, name).acquire()) for name in ("a", "b")]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    assert holder(api) in {"a", "b"}
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)

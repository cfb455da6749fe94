"""The search for the highest rate, over platforms whose capacity is known."""

import math

import pytest

from cli.bench.search import EASIER, PRECISION, PROOFS, STEP, highest


class Platform:
    """Holds `probed` for a short while and `proven` for long."""

    def __init__(self, probed: float, proven: float) -> None:
        self.probed, self.proven = probed, proven
        self.probes: list[float] = []
        self.proofs: list[float] = []

    async def probe(self, rate: float) -> bool:
        self.probes.append(rate)
        return rate <= self.probed

    async def prove(self, rate: float) -> bool:
        self.proofs.append(rate)
        return rate <= self.proven

    async def highest(self, first: float = 20.0, probes: float = math.inf) -> float | None:
        return await highest(self.probe, self.prove, first, lambda: len(self.probes) < probes)


@pytest.mark.parametrize("capacity", [3.0, 19.0, 20.0, 57.0, 222.0, 1110.0])
async def test_what_is_found_is_held_and_hardly_less_than_what_could_be(capacity: float) -> None:
    found = await Platform(capacity, capacity).highest()
    assert found is not None
    assert capacity / PRECISION <= found <= capacity


async def test_no_probe_asks_for_much_more_than_is_held() -> None:
    platform = Platform(222.0, 222.0)
    await platform.highest()
    assert max(platform.probes) <= 222.0 * STEP
    assert len(platform.probes) <= 12
    assert len(platform.proofs) == 1


async def test_what_was_held_for_a_short_while_alone_is_lowered_until_it_is_held_for_long() -> None:
    platform = Platform(100.0, 85.0)
    found = await platform.highest()
    assert found is not None
    assert 85.0 / EASIER < found <= 85.0
    assert platform.proofs == sorted(platform.proofs, reverse=True)


async def test_a_platform_that_holds_nothing_is_not_asked_for_ever() -> None:
    platform = Platform(0.0, 0.0)
    assert await platform.highest() is None
    assert not platform.proofs
    assert len(platform.probes) < 15


async def test_proofs_end_when_each_fails() -> None:
    platform = Platform(100.0, 1.0)
    assert await platform.highest() is None
    assert len(platform.proofs) == PROOFS


async def test_out_of_time_what_was_found_so_far_is_proven() -> None:
    platform = Platform(1000.0, 1000.0)
    assert await platform.highest(probes=3) == 20.0 * STEP**2
    assert platform.probes == [20.0, 20.0 * STEP, 20.0 * STEP**2]

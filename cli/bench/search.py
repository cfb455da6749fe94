"""The search for the highest rate that something holds. Pure: what holds is asked of whoever calls."""

import math
from collections.abc import Awaitable, Callable

STEP = 1.5
"""Upward, as long as each rate is held."""
PRECISION = 1.05
"""Done when what held and what did not are this near."""
PROOFS = 4
EASIER = 1.08
"""Each further proof is of a rate lower by this."""
LOWEST = 0.5

Holds = Callable[[float], Awaitable[bool]]


async def highest(probe: Holds, prove: Holds, first: float, in_time: Callable[[], bool]) -> float | None:
    """The highest rate that `prove` says is held, None if there is none.

    Short probes find it, upward in steps and then between the last that held and the first that did not; once
    `in_time` says no, with what they have found so far.
    """
    low = await _probed(probe, first, in_time)
    for _ in range(PROOFS):
        if low < LOWEST:
            break
        if await prove(low):
            return low
        low /= EASIER
    return None


async def _probed(probe: Holds, first: float, in_time: Callable[[], bool]) -> float:
    low, high = 0.0, math.inf
    rate = first
    while in_time() and rate >= LOWEST and high > low * PRECISION:
        if await probe(rate):
            low = rate
        else:
            high = rate
        rate = _next(low, high)
    return low


def _next(low: float, high: float) -> float:
    if math.isinf(high):
        return low * STEP
    return math.sqrt(low * high) if low else high / STEP

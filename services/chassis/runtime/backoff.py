"""Pauses between attempts."""

import random
from collections.abc import Iterator


def backoff(first: float = 0.1, limit: float = 5.0) -> Iterator[float]:
    """Seconds to wait before each next attempt: doubling up to `limit`, with full jitter in the upper half."""
    ceiling = first
    while True:
        yield random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads attempts, guards nothing
        ceiling = min(limit, ceiling * 2)

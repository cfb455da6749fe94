"""Pauses between attempts double up to a limit, and never fall together."""

from itertools import islice

import pytest

from services.chassis.runtime.backoff import backoff


@pytest.mark.parametrize(
    ("first", "limit", "ceilings"), [(1.0, 8.0, [1, 2, 4, 8, 8, 8]), (0.1, 0.25, [0.1, 0.2, 0.25])]
)
def test_pauses_double_up_to_the_limit(first: float, limit: float, ceilings: list[float]) -> None:
    for pause, ceiling in zip(backoff(first, limit), ceilings, strict=False):
        assert ceiling / 2 <= pause <= ceiling


def test_two_that_fail_together_do_not_come_again_together() -> None:
    assert list(islice(backoff(), 20)) != list(islice(backoff(), 20))

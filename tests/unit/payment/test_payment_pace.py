"""The number of brisk calls follows what the provider answers, and how long it takes only where that is too long."""

from collections.abc import Sequence
from itertools import cycle

import pytest

from services.payment import answers
from services.payment.answers import Answer
from services.payment.pace import LEAST, REMEMBERED_SECONDS, Pace
from tests.contract.payment.parts import payment_settings

GOOD = answers.Authorized("pi_1")
SILENT = answers.Unanswered("TimeoutError")
REFUSED = answers.NotCarriedOut("RateLimitError")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def pace_of(brisk: int = 64, most: int = 1000) -> Pace:
    settings = payment_settings(
        "http://x", provider_brisk_concurrency=brisk, provider_concurrency=most, provider_timeout_seconds=5.0
    )
    return Pace(settings)


def second(
    judged: Pace, clock: list[float], heard: list[Answer], *, short: bool = True, took: Sequence[float] = (0.1,)
) -> int:
    """The limit after a second with these answers, which `took` so long in turn; some call found no room meanwhile."""
    seconds = cycle(took)
    if short:
        judged.wanted()
    for answer in heard[:-1]:
        judged.heard(answer, next(seconds))
    clock[0] += 1.0
    judged.heard(heard[-1], next(seconds))
    return judged.limit


def test_good_answers_raise_the_limit_to_the_most_there_may_be(clock: list[float]) -> None:
    judged = pace_of()
    limits = [second(judged, clock, [GOOD] * 100) for _ in range(40)]
    assert limits[:3] == [80, 100, 125], "never twice as many at once"
    assert limits[-1] == 1000


def test_without_need_it_stays(clock: list[float]) -> None:
    judged = pace_of()
    assert second(judged, clock, [GOOD] * 100, short=False) == 64


def test_a_few_refusals_lower_it_and_then_it_rises_in_small_steps(clock: list[float]) -> None:
    judged = pace_of(100)
    assert second(judged, clock, [*[GOOD] * 90, *[REFUSED] * 10]) < 100
    lowered = judged.limit
    second(judged, clock, [GOOD] * 100)
    assert lowered < judged.limit < 1.5 * lowered


def test_a_minority_that_hangs_does_not_slow_the_others(clock: list[float]) -> None:
    judged = pace_of()
    assert second(judged, clock, [*[SILENT] * 20, *[GOOD] * 80]) > 64


def test_one_that_takes_its_time_and_answers_all_is_asked_more_at_once(clock: list[float]) -> None:
    judged = pace_of()
    limits = [second(judged, clock, [GOOD] * 100, took=[2.0]) for _ in range(8)]
    assert limits == [64, 80, 80, 100, 100, 125, 125, 156], "not before what was changed can show, after a round trip"


def test_one_whose_answers_take_longer_the_more_are_asked_is_asked_no_more_than_at_the_beginning(
    clock: list[float],
) -> None:
    judged = pace_of()
    grown = max(second(judged, clock, [GOOD] * 100, took=[0.5]) for _ in range(4))
    for _ in range(10):
        second(judged, clock, [GOOD] * 100, took=[2.0])
    assert grown > 64
    assert judged.limit == 64, "however slow, it answers all: no fewer than to begin with"


def test_answers_that_take_a_little_longer_leave_it_as_it_is(clock: list[float]) -> None:
    judged = pace_of()
    before = second(judged, clock, [GOOD] * 100, took=[1.0])
    assert [second(judged, clock, [GOOD] * 100, took=[1.5]) for _ in range(6)] == [before] * 6
    assert judged.delay == pytest.approx(0.5)
    clock[0] += REMEMBERED_SECONDS
    assert judged.delay == 0.0, "nothing came since: it is not known any more"


def test_a_provider_that_is_slow_from_the_beginning_is_not_crowded(clock: list[float]) -> None:
    judged = pace_of()
    for _ in range(6):
        second(judged, clock, [GOOD] * 100, took=[2.0])
    assert judged.delay == 0.0


def test_a_provider_that_turns_slow_while_it_is_asked_no_more_than_at_the_beginning_is_not_crowded(
    clock: list[float],
) -> None:
    judged = pace_of()
    second(judged, clock, [GOOD] * 100, short=False)
    second(judged, clock, [GOOD] * 100, took=[3.0, 3.0])
    assert judged.delay == 0.0


def test_one_that_became_slower_for_good_is_asked_more_once_what_was_before_is_forgotten(clock: list[float]) -> None:
    judged = pace_of()
    second(judged, clock, [GOOD] * 100, took=[0.1])
    before = judged.limit
    while clock[0] < REMEMBERED_SECONDS:
        second(judged, clock, [GOOD] * 100, took=[2.0])
    assert judged.limit < before
    for _ in range(6):
        second(judged, clock, [GOOD] * 100, took=[2.0])
    assert judged.limit > before


def test_a_minority_that_is_slow_does_not_slow_the_others(clock: list[float]) -> None:
    judged = pace_of()
    assert second(judged, clock, [GOOD] * 100, took=[4.0, 0.1, 0.1, 0.1]) > 64


@pytest.mark.parametrize("failure", [SILENT, REFUSED, answers.ServerError()])
def test_a_provider_that_answers_nothing_is_spared_down_to_the_least(clock: list[float], failure: Answer) -> None:
    judged = pace_of()
    for _ in range(20):
        second(judged, clock, [failure] * 20)
    assert judged.limit == LEAST


def test_too_few_answers_to_judge_by_change_nothing(clock: list[float]) -> None:
    judged = pace_of()
    assert second(judged, clock, [SILENT] * 3) == 64


def test_it_is_never_above_the_most_there_may_be(clock: list[float]) -> None:
    assert pace_of(64, most=10).limit == 10

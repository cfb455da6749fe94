"""When a consumer stops: many failures, and a large share of what it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.messaging.breaker import WINDOW, Breaker

MOST = 100


def after(*outcomes: bool) -> Breaker:
    breaker = Breaker(lambda: MOST)
    for outcome in outcomes:
        if outcome:
            breaker.handled(1)
        else:
            breaker.failed()
    return breaker


def test_some_failures_are_set_aside_whatever_their_share() -> None:
    assert after(*[False] * MOST).tripped is None
    assert after(*[False] * MOST, False).tripped == "101 of 101 messages could not be handled"


def test_many_failures_among_more_successes_are_set_aside_without_end() -> None:
    assert after(*[True, False, True] * WINDOW).tripped is None


def test_half_of_what_is_read_is_too_much() -> None:
    assert after(*[True, False] * WINDOW).tripped == "200 of 400 messages could not be handled"


def test_a_good_past_does_not_hide_a_bad_present() -> None:
    breaker = Breaker(lambda: MOST)
    breaker.handled(10**6)
    for _ in range(WINDOW // 2 - 1):
        breaker.failed()
    assert breaker.tripped is None
    breaker.failed()
    assert breaker.tripped is not None


@pytest.mark.parametrize("good", [WINDOW - MOST, 10**9])
def test_what_was_long_ago_is_forgotten(good: int) -> None:
    breaker = after(*[False] * MOST)
    breaker.handled(good)
    breaker.failed()
    assert breaker.tripped is None


@given(st.lists(st.booleans(), max_size=3 * WINDOW))
def test_it_goes_by_the_last_messages_alone(outcomes: list[bool]) -> None:
    last = outcomes[-WINDOW:]
    failed = last.count(False)
    assert (after(*outcomes).tripped is not None) == (failed > MOST and failed * 2 >= len(last))


def test_without_a_limit_it_never_stops() -> None:
    breaker = Breaker(lambda: 0)
    for _ in range(WINDOW):
        breaker.failed()
    assert breaker.tripped is None


def test_the_limit_may_change_under_way() -> None:
    limits = [0]
    breaker = Breaker(lambda: limits[0])
    for _ in range(11):
        breaker.failed()
    assert breaker.tripped is None
    limits[0] = 10
    assert breaker.tripped == "11 of 11 messages could not be handled"

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.customer.attempts import Allowance, charged, wait_before_next

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALLOWANCE = Allowance(at_once=3, refill=timedelta(seconds=30))


def test_so_many_wrong_passwords_at_once_and_no_more() -> None:
    clears_at = NOW
    for _ in range(3):
        assert wait_before_next(clears_at, NOW, ALLOWANCE) == timedelta(0)
        clears_at = charged(clears_at, NOW, ALLOWANCE)
    assert wait_before_next(clears_at, NOW, ALLOWANCE) == timedelta(seconds=30)


def test_after_the_wait_one_more_is_allowed() -> None:
    clears_at = NOW
    for _ in range(3):
        clears_at = charged(clears_at, NOW, ALLOWANCE)
    later = NOW + timedelta(seconds=30)
    assert wait_before_next(clears_at, later, ALLOWANCE) == timedelta(0)
    assert wait_before_next(charged(clears_at, later, ALLOWANCE), later, ALLOWANCE) == timedelta(seconds=30)


@given(st.lists(st.integers(0, 120), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_no_rhythm_of_attempts_gets_more_than_the_allowance(pauses: list[int], at_once: int, refill: int) -> None:
    allowance = Allowance(at_once, timedelta(seconds=refill))
    now, clears_at, allowed = NOW, NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not wait_before_next(clears_at, now, allowance):
            clears_at = charged(clears_at, now, allowance)
            allowed += 1
    assert allowed <= at_once + (now - NOW) / allowance.refill

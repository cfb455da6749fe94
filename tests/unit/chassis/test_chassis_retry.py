"""Pauses between attempts double up to a limit, and never fall together."""

from itertools import islice

import pytest

from services.chassis.retry import Attempts, Backoff, attempt, spread


class PassingError(Exception):
    pass


@pytest.mark.parametrize(
    ("first", "limit", "ceilings"), [(1.0, 8.0, [1, 2, 4, 8, 8, 8]), (0.1, 0.25, [0.1, 0.2, 0.25])]
)
def test_pauses_double_up_to_the_limit(first: float, limit: float, ceilings: list[float]) -> None:
    for pause, ceiling in zip(Backoff(first, limit), ceilings, strict=False):
        assert ceiling / 2 <= pause <= ceiling


def test_after_any_number_of_failures_there_is_a_pause() -> None:
    assert 2.5 <= Backoff().after(10**9) <= 5.0


def test_two_that_fail_together_do_not_come_again_together() -> None:
    assert list(islice(Backoff(), 20)) != list(islice(Backoff(), 20))


def test_pauses_can_be_gone_through_again_from_the_first() -> None:
    backoff = Backoff(first=1.0)
    for _ in range(2):
        assert next(iter(backoff)) <= 1.0


def test_a_success_is_where_counting_begins_anew() -> None:
    attempts = Attempts(Backoff(first=1.0, limit=64.0))
    assert not attempts.failing
    for _ in range(6):
        pause = attempts.failed()
    assert attempts.failing
    assert pause >= 16
    attempts.succeeded()
    assert not attempts.failing
    assert attempts.failed() <= 1.0


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("services.chassis.retry.time.sleep", made.append)
    return made


def test_what_may_pass_is_told_and_tried_again(pauses: list[float]) -> None:
    faults = [PassingError("first"), PassingError("second")]
    told: list[str] = []

    def action() -> str:
        if faults:
            raise faults.pop(0)
        return "done"

    assert attempt(action, PassingError, 60.0, Backoff(), lambda error: told.append(str(error))) == "done"
    assert told == ["first", "second"]
    assert len(pauses) == 2


def test_what_does_not_pass_in_time_is_raised_without_a_last_pause(pauses: list[float]) -> None:
    def action() -> None:
        raise PassingError

    with pytest.raises(PassingError):
        attempt(action, PassingError, 1.0, Backoff(first=3.0))
    assert pauses == []


def test_what_is_no_passing_fault_is_raised_at_once(pauses: list[float]) -> None:
    def action() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        attempt(action, PassingError, 60.0, Backoff())
    assert pauses == []


def test_regular_work_is_done_a_little_sooner_and_never_in_step() -> None:
    seconds = [spread(10.0) for _ in range(100)]
    assert all(8.0 <= one <= 10.0 for one in seconds)
    assert len(set(seconds)) > 90

"""How long orders on their way will wait, told by how many there are."""

import pytest

from services.order.admission.way import FRESH_SECONDS, SPAN_SECONDS, Way

DEADLINE = 20.0


def driven(way: Way, seconds: float, *, rate: float, took: float, under_way: float, start: float = 0.0) -> float:
    """So many a second begin and are authorized; answers the time afterwards."""
    now = start
    while now < start + seconds:
        now += 0.5
        for _ in range(max(1, round(rate / 2))):
            way.arrived(now, took)
        way.counted(now, round(under_way), round(rate * min(SPAN_SECONDS, now)))
    return now


def test_nothing_waits_while_there_are_as_many_as_the_quickest_way_explains() -> None:
    way = Way(lambda: DEADLINE)
    now = driven(way, 20, rate=50, took=4.0, under_way=200)
    assert way.wait(now) == pytest.approx(0.0, abs=0.1)


def test_what_there_is_more_will_wait_before_any_of_it_has_arrived() -> None:
    way = Way(lambda: DEADLINE)
    now = driven(way, 20, rate=50, took=4.0, under_way=200)
    way.counted(now + 0.5, 300, 50 * 8 + 100)
    assert way.wait(now + 0.5) == pytest.approx(2.0, abs=0.1)


def test_what_always_takes_long_must_not_take_what_is_left_until_the_deadline() -> None:
    way = Way(lambda: DEADLINE)
    now = driven(way, 30, rate=50, took=15.0, under_way=750)
    assert way.wait(now) == pytest.approx(5.0, abs=0.2)


def test_orders_that_take_much_longer_than_the_others_are_not_counted() -> None:
    way = Way(lambda: DEADLINE)
    assert way.counted_seconds == DEADLINE
    driven(way, 5, rate=50, took=0.1, under_way=5)
    assert way.counted_seconds == 3.0
    driven(way, 5, rate=50, took=4.0, under_way=200, start=5)
    assert way.counted_seconds == 12.0
    driven(way, 5, rate=50, took=15.0, under_way=750, start=10)
    assert way.counted_seconds == DEADLINE


def test_of_what_began_and_arrived_it_tells_the_ratio() -> None:
    way = Way(lambda: DEADLINE)
    now = driven(way, 20, rate=50, took=4.0, under_way=400)
    for step in range(1, 17):  # nothing new is taken, and 50 a second arrive
        way.counted(now + step / 2, 400 - 25 * step, 400 - 25 * step + 8)
    assert way.gain(now + 8) > 10


@pytest.mark.parametrize("seconds", [0.0, 1.0, SPAN_SECONDS - FRESH_SECONDS - 1])
def test_nothing_is_known_at_first(seconds: float) -> None:
    way = Way(lambda: DEADLINE)
    now = driven(way, seconds, rate=50, took=4.0, under_way=1000)
    assert way.wait(now) == 0.0
    assert way.gain(now) == 1.0


def test_nothing_is_known_where_few_arrive_or_nobody_counts_any_more() -> None:
    few = Way(lambda: DEADLINE)
    assert few.wait(driven(few, 20, rate=1, took=4.0, under_way=100)) == 0.0
    way = Way(lambda: DEADLINE)
    now = driven(way, 20, rate=50, took=4.0, under_way=400)
    assert way.wait(now) > 3.0
    assert way.wait(now + FRESH_SECONDS) == 0.0
    assert way.gain(now + FRESH_SECONDS) == 1.0


def test_the_quickest_time_is_forgotten_after_a_minute() -> None:
    way = Way(lambda: DEADLINE)
    now = driven(way, 10, rate=50, took=0.1, under_way=5)
    now = driven(way, 30, rate=50, took=4.0, under_way=200, start=now)
    assert way.wait(now) == pytest.approx(3.9, abs=0.1)
    now = driven(way, 40, rate=50, took=4.0, under_way=200, start=now)
    assert way.wait(now) == pytest.approx(0.0, abs=0.1)


def test_a_deadline_that_is_changed_under_way_counts_at_once() -> None:
    deadlines = [20.0]
    way = Way(lambda: deadlines[0])
    now = driven(way, 20, rate=50, took=8.0, under_way=400)
    assert way.wait(now) == pytest.approx(0.0, abs=0.1)
    deadlines[0] = 10.0
    assert way.wait(now) == pytest.approx(3.0, abs=0.1)
    assert way.counted_seconds == 10.0

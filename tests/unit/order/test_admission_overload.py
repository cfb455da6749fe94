"""Asked for more than can be done, the platform goes on doing what it can; and below that nobody is refused."""

import pytest

from tests.unit.order.queueing_model import Model


@pytest.mark.parametrize("capacity", [20, 100, 400])
@pytest.mark.parametrize("replicas", [1, 2, 5])
@pytest.mark.parametrize("answer", [0.0, 2.0])
@pytest.mark.parametrize("factor", [1.5, 3, 10])
def test_more_than_it_can_do_does_not_make_it_do_less(
    capacity: int, replicas: int, answer: float, factor: float
) -> None:
    model = Model(capacity, replicas=replicas, answer=answer)
    model.run(120, factor * capacity)
    # Refusals take their part of the machine.
    left = 1 - 0.02 * (factor - 1)
    assert model.goodput(20, 120) > 0.85 * left * capacity
    assert model.late == 0
    assert model.longest(0, 120) < 15


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("answer", [0.0, 2.0])
def test_ten_seconds_after_the_load_it_is_as_fast_as_before_and_takes_everyone(replicas: int, answer: float) -> None:
    model = Model(100, replicas=replicas, answer=answer)
    model.run(20, 30)
    before = model.longest(10, 20)
    model.run(60, 300)
    assert model.longest(40, 80) > before + 0.3, "it was never behind"
    model.run(40, 30)
    assert model.longest(90, 120) < before + 0.2
    assert model.refused(90, 120) == 0


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize(("answer", "hanging"), [(0.0, 0.0), (2.0, 0.0), (0.0, 0.2), (2.0, 0.2)])
def test_nobody_is_refused_below_capacity(replicas: int, answer: float, hanging: float) -> None:
    model = Model(100, replicas=replicas, answer=answer)
    model.run(120, 85, hanging=hanging)
    assert model.refused(0, 120) == 0
    assert model.late == 0


def test_a_burst_that_is_worked_off_at_once_is_taken_whole() -> None:
    model = Model(200)
    model.run(10, 50)
    model.run(0.5, 400)
    model.run(10, 50)
    assert model.refused(0, 21) == 0


@pytest.mark.parametrize("replicas", [1, 3])
def test_whoever_floods_is_refused_and_others_are_not(replicas: int) -> None:
    model = Model(100, replicas=replicas)
    # One customer asks for 240 orders a second; sixty others for one each.
    model.run(60, 300, customer=lambda n: f"customer-{n % 60}" if n % 5 == 0 else "flood")
    others = [name for name in model.asked if name != "flood"]
    asked, taken = (sum(count[name] for name in others) for count in (model.asked, model.taken))
    assert taken > 0.95 * asked
    assert model.taken["flood"] < 0.3 * model.asked["flood"]
    assert model.goodput(20, 60) > 80


def test_when_the_platform_becomes_slower_under_way_it_takes_less_and_when_faster_more() -> None:
    model = Model(200)
    model.run(60, 600)
    model.capacity = 60
    model.run(60, 600)
    assert model.goodput(80, 120) > 0.75 * 60 * (1 - 0.02 * 9)
    model.capacity = 200
    model.run(60, 600)
    assert model.goodput(140, 180) > 0.85 * 200 * 0.96
    assert model.late == 0


def test_what_waits_is_bounded_however_many_come() -> None:
    for factor in (3, 30):
        model = Model(100)
        model.run(60, 100 * factor)
        assert model.most_waiting < 1000

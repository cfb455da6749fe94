"""Asked for more than can be done, the platform goes on doing what it can; and below that nobody is refused."""

import pytest

from services.order.admission.judge import MOST_PLACING
from tests.unit.order.queueing_model import DEADLINE_SECONDS, REFUSAL, Model


@pytest.mark.parametrize(
    ("capacity", "factor", "replicas", "answer"),
    [
        (60, 3, 1, 0.0),
        (60, 3, 3, 0.0),
        (60, 3, 1, 2.0),
        (60, 3, 3, 2.0),
        (15, 3, 2, 0.0),
        (200, 1.5, 2, 0.0),
        (60, 10, 1, 0.0),
    ],
)
def test_more_than_it_can_do_does_not_make_it_do_less(
    capacity: float, factor: float, replicas: int, answer: float
) -> None:
    model = Model(capacity, replicas=replicas, answer=answer)
    model.run(60, factor * capacity)
    refusing = REFUSAL * (factor - 1)
    assert model.goodput(15, 60) > 0.85 * (1 - refusing) * capacity
    assert model.late == 0
    assert model.longest(0, 60) < 0.75 * DEADLINE_SECONDS


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("answer", [0.0, 2.0])
def test_ten_seconds_after_the_load_it_is_as_fast_as_before_and_takes_everyone(replicas: int, answer: float) -> None:
    model = Model(60, replicas=replicas, answer=answer)
    model.run(20, 20)
    before = model.longest(10, 20)
    model.run(30, 180)
    assert model.longest(30, 50) > before + 0.3, "it was never behind"
    model.run(20, 20)
    assert model.longest(60, 70) < before + 0.2
    assert model.refused(60, 70) == 0


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize(("answer", "hanging"), [(0.0, 0.0), (2.0, 0.0), (0.0, 0.2), (2.0, 0.2)])
def test_nobody_is_refused_below_capacity(replicas: int, answer: float, hanging: float) -> None:
    model = Model(60, replicas=replicas, answer=answer)
    model.run(60, 50, hanging=hanging)
    assert model.refused(0, 60) == 0
    assert model.late == 0


def test_a_burst_that_is_worked_off_at_once_is_taken_whole() -> None:
    model = Model(200)
    model.run(10, 50)
    model.run(0.5, 400)
    model.run(10, 50)
    assert model.refused(0, 21) == 0


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("answer", [2.0, 4.0])
def test_what_waits_at_a_provider_that_answers_late_does_not_come_in_waves(replicas: int, answer: float) -> None:
    # Its queue is seen only once it has answered, and by then as much again is under way.
    model = Model(300, replicas=replicas, answer=answer, provider=180)
    model.run(80, 270)
    late, under_way = model.late, []
    for _ in range(80):
        model.run(1, 270)
        under_way.append(model.under_way)
    assert max(under_way) < 1.5 * min(under_way)
    assert model.late == late
    assert model.longest(80, 160) < 2 * answer + 4
    assert model.goodput(80, 160) > 0.85 * 90


@pytest.mark.parametrize("replicas", [1, 3])
def test_whoever_floods_is_refused_and_others_are_not(replicas: int) -> None:
    model = Model(60, replicas=replicas)

    # One customer asks for 144 orders a second; sixty others for 36 together.
    def customer(number: int) -> str:
        return f"customer-{number % 60}" if number % 5 == 0 else "flood"

    model.run(15, 180, customer=customer)
    model.asked.clear()
    model.taken.clear()
    model.run(25, 180, customer=customer)
    others = [name for name in model.asked if name != "flood"]
    asked, taken = (sum(count[name] for name in others) for count in (model.asked, model.taken))
    assert taken > 0.95 * asked
    assert model.taken["flood"] < 0.3 * model.asked["flood"]
    assert model.goodput(15, 40) > 0.8 * 60


def test_when_the_platform_becomes_slower_under_way_it_takes_less_and_when_faster_more() -> None:
    model = Model(100)
    model.run(30, 200)
    model.capacity = 40
    model.run(40, 200)
    assert model.goodput(45, 70) > 0.75 * (40 - 160 * REFUSAL)
    model.capacity = 100
    model.run(40, 200)
    assert model.goodput(85, 110) > 0.85 * (100 - 100 * REFUSAL)
    assert model.late == 0


def test_what_waits_is_bounded_however_many_come() -> None:
    for factor in (3, 30):
        model = Model(60)
        model.run(20, 60 * factor)
        assert model.most_waiting < 2 * MOST_PLACING

"""What counts as a backlog that grows."""

from collections.abc import Callable

import pytest

from cli.bench.backlog import PER_ORDER, Look, growing
from cli.invariants.in_flight import InFlight
from cli.invariants.logs import Subscription

RATE = 100.0


def looks(**counts: Callable[[float], float]) -> list[Look]:
    waiting = {name.replace("_", " "): count for name, count in counts.items()}
    return [
        Look(at, {name: int(waiting[name](at)) if name in waiting else 0 for name in PER_ORDER})
        for at in (6.0, 8.0, 10.0, 12.0, 14.0)
    ]


@pytest.mark.parametrize("name", list(PER_ORDER))
def test_each_backlog_that_grows_is_named_with_how_much_and_how_fast(name: str) -> None:
    found = growing(looks(**{name: lambda at: at * 1000}), RATE)
    assert found == [f"{name}: 14000 waiting, 1000.0/s more"]


def test_what_is_being_worked_on_is_no_backlog() -> None:
    assert growing(looks(orders=lambda at: at * 7), RATE) == []


def test_a_backlog_that_is_large_but_level_is_bounded() -> None:
    assert growing(looks(orders=lambda at: 400 + (at % 4)), RATE) == []


def test_in_a_longer_run_less_growth_a_second_is_too_much() -> None:
    def grows(at: float) -> Look:
        return Look(at, {name: int(200 + at * 4) if name == "orders" else 0 for name in PER_ORDER})

    assert growing([grows(at) for at in (6.0, 10.0, 14.0)], RATE) == []
    assert growing([grows(at) for at in (20.0, 40.0, 60.0)], RATE) != []


def test_a_backlog_that_shrinks_is_bounded() -> None:
    assert growing(looks(mails=lambda at: 5000 - at * 100), RATE) == []


def test_messages_are_counted_in_orders_worth() -> None:
    assert growing(looks(outbox_rows=lambda at: at * 80), RATE) == []
    assert growing(looks(outbox_rows=lambda at: at * 150), RATE) != []


def test_without_a_look_nothing_is_said() -> None:
    assert growing([], RATE) == []


def test_a_look_sums_what_is_under_way() -> None:
    lag = {Subscription("order.replies", "order"): 4, Subscription("order.events", "notification"): 5}
    found = InFlight(orders=1, outbox={"order": 2, "product": 3}, lag=lag, payments=6, mails=7)
    assert Look.of(1.5, found) == Look(
        1.5, {"orders": 1, "payments": 6, "mails": 7, "outbox rows": 5, "messages to take": 9}
    )

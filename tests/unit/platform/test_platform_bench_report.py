"""The numbers `./mercato bench` reports."""

from itertools import pairwise

import pytest

from cli.bench.load import HANGING_CARD, Schedule
from cli.bench.processes import core_milliseconds
from cli.bench.report import Latency, Report
from cli.platform.kafka import Extent, lag


def report(**changes: object) -> Report:
    values: dict[str, object] = {
        "rate": 50.0, "seconds": 2.0, "tried": 100, "hanging": 0, "accepted": 100, "confirmed": 100, "rejected": 0,
        "unconfirmed": 0, "errors": {}, "accepted_per_second": 50.0, "confirmed_per_second": 50.0,
        "post": Latency.of([0.01]), "confirmation": Latency.of([0.02]), "verified": 10,
        "core_ms_per_order": {"order": 1.5, "kafka": 0.5}, "floors": None,
    }  # fmt: skip
    return Report(**{**values, **changes})  # type: ignore[arg-type]


def test_percentiles_are_values_that_were_measured() -> None:
    latency = Latency.of([number / 1000 for number in range(1, 101)])
    assert latency == Latency(50.0, 95.0, 99.0, 100.0)
    assert Latency.of([0.007]) == Latency(7.0, 7.0, 7.0, 7.0)
    assert Latency.of([]) is None


def test_processor_time_is_told_per_order_and_a_restarted_process_counts_from_its_start() -> None:
    spent = core_milliseconds({"order": 1.0, "kafka": 9.0}, {"order": 2.0, "kafka": 0.5, "new": 0.1}, orders=100)
    assert spent == pytest.approx({"order": 10.0, "kafka": 5.0, "new": 1.0})


@pytest.mark.parametrize("changes", [{"errors": {"429": 1}}, {"confirmed": 99, "unconfirmed": 1}])
def test_a_run_with_an_error_or_an_order_that_was_not_confirmed_is_not_ok(changes: dict[str, object]) -> None:
    assert report().ok
    assert not report(**changes).ok


def test_the_document_sums_up_the_processor_time() -> None:
    assert report().document()["core_ms_per_order_total"] == 2.0


def test_a_schedule_has_at_least_one_order() -> None:
    assert Schedule(50, 60).orders == 3000
    assert Schedule(0.1, 1).orders == 1


def test_lag_counts_what_is_there_and_not_committed() -> None:
    extents = {("t", 0): Extent(0, 10), ("t", 1): Extent(5, 8), ("other", 0): Extent(0, 99)}
    assert lag(extents, {("t", 0): 7}, ["t"]) == 3 + 3
    assert lag(extents, {("t", 0): 10, ("t", 1): 8}, ["t"]) == 0


def test_hanging_orders_are_spread_evenly_and_must_all_be_rejected() -> None:
    schedule = Schedule(50, 2, hanging=0.2)
    hanging = [number for number in range(schedule.orders) if schedule.card(number) == HANGING_CARD]
    assert len(hanging) == schedule.hangs == 20
    assert {after - before for before, after in pairwise(hanging)} == {5}
    assert report(hanging=20, confirmed=80, rejected=20).ok
    assert not report(hanging=20, confirmed=80, rejected=19, unconfirmed=1).ok

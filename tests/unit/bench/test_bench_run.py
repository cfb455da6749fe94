"""From what was sent and how it ended to the figures of one run."""

from typing import Any, cast

import pytest

from cli.bench.confirmations import Confirmations
from cli.bench.load import Schedule, Sent
from cli.bench.readers import Readers
from cli.bench.report import Floors, Report
from cli.bench.run import _report


@pytest.fixture
def ended() -> Report:
    """Five orders accepted in 10 s from the moment 100 on: one refused, one confirmed late, one rejected, one open."""
    sent = Sent(
        due={"a": 100.0, "b": 102.0, "late": 104.0, "rejected": 106.0, "open": 108.0},
        post_seconds=[0.01] * 5,
        refused=1,
        hinted=1,
        tried=6,
        answered=6,
        started=100.0,
        seconds=10.0,
    )
    sent.errors["503"] = 1
    feed = Confirmations(cast("Any", None), "nowhere:1")
    feed.confirmed |= {"a": 100.5, "b": 102.5, "late": 120.0, "foreign": 101.0}
    feed.rejected |= {"rejected": "expired", "foreign too": "expired"}
    schedule = Schedule(0.6, 10.0)
    readers = Readers(cast("Any", None), (), schedule)
    readers.seen.append(0.6)
    readers.errors["GET: 429"] = 2
    return _report(schedule, sent, feed, readers, core_ms={"order": 2.0}, floors=Floors(1000.0, 1.0, 1.0, 1.0, cores=2))


def test_each_order_ended_one_way_and_those_of_others_do_not_count(ended: Report) -> None:
    assert (ended.accepted, ended.confirmed, ended.rejected, ended.unconfirmed) == (5, 3, 1, 1)
    assert ended.reasons == {"expired": 1}
    assert not ended.ok


def test_what_was_confirmed_after_the_load_is_no_goodput(ended: Report) -> None:
    assert ended.confirmed_while_driven_per_second == pytest.approx(0.2)
    assert ended.confirmed_per_second == pytest.approx(3 / 20)
    assert ended.accepted_per_second == pytest.approx(0.5)


def test_latencies_count_from_when_an_order_was_due(ended: Report) -> None:
    assert ended.confirmation is not None
    assert (ended.confirmation.p50, ended.confirmation.highest) == (500.0, 16_000.0)
    assert ended.confirmation_seen is not None
    assert ended.confirmation_seen.p50 == 600.0


def test_errors_are_those_of_orders_and_of_reads(ended: Report) -> None:
    assert ended.errors == {"503": 1, "GET: 429": 2}
    assert (ended.refused, ended.refused_with_retry_after) == (1, 1)
    assert ended.floor_transactions == pytest.approx(1.0)

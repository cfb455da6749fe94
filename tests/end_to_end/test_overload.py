"""Asked for more than it can do, the real platform does what it can, and nothing that was taken dies of its backlog."""

import json
from typing import Any

import pytest

from tests.end_to_end.platform_under_test import Platform

pytestmark = pytest.mark.long

RATE = 60
"""Orders a second that keep two cores busy; three times as many are beyond them."""


def driven(platform: Platform, *words: str) -> dict[str, Any]:
    done = platform.mercato("bench", *words, "--json", timeout=240)
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def test_three_times_as_much_is_refused_politely_and_what_is_taken_is_finished(platform: Platform) -> None:
    restarts = {name: row["restarts"] for name, row in platform.processes().items()}
    [busy] = driven(platform, "--rate", str(RATE), "--seconds", "20")["runs"]
    found = driven(platform, "--rate", str(RATE), "--overload", "3", "--seconds", "60")["overload"]
    run, before, after = found["run"], found["before"], found["after"]
    assert found["refused"] > 0, "it was never asked for too much"
    assert found["refused_without_retry_after"] == 0
    assert found["goodput"] > busy["confirmed_while_driven_per_second"] / 2
    assert found["ended_by_deadline"] <= run["accepted"] / 1000
    assert run["unconfirmed"] == 0
    # Ten seconds later it is what it was, as far as a machine with others on it can tell.
    assert after["confirmed"] >= 0.8 * before["confirmed"]
    assert after["confirmation"]["p50"] < 3 * before["confirmation"]["p50"] + 1000
    assert found["violations"] == []
    rows = platform.processes()
    assert {name: row["restarts"] for name, row in rows.items()} == restarts
    assert all(row["ready"] for row in rows.values())
    states = json.loads(platform.mercato("status", "--json").stdout)["admission"]
    assert {name: state["state"] for name, state in states.items()} == {"order": "open", "order-2": "open"}


def test_orders_that_hang_at_the_provider_let_none_be_refused(platform: Platform) -> None:
    [run] = driven(platform, "--rate", "4", "--hanging", "0.2", "--seconds", "40")["runs"]
    assert run["tried"] == run["accepted"] == 160
    assert run["errors"] == {}

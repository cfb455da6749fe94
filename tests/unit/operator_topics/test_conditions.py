"""Conditions as they are written to a status."""

from datetime import UTC, datetime

from mercato_operator.kube.conditions import LONGEST, Condition, find, merged

EARLIER = {
    "type": "Ready",
    "status": "True",
    "reason": "A",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def test_the_time_stays_while_the_status_does() -> None:
    (written,) = merged([EARLIER], [Condition("Ready", "True", "B", "other words")], 2, NOW)
    assert written == {**EARLIER, "reason": "B", "message": "other words", "observedGeneration": 2}


def test_the_time_is_now_when_the_status_changes_or_is_new() -> None:
    for before in ([EARLIER], []):
        (written,) = merged(before, [Condition("Ready", "False", "B")], 2, NOW)
        assert written["lastTransitionTime"] == "2026-02-01T00:00:00Z"


def test_a_condition_that_does_not_hold_any_more_goes() -> None:
    written = merged([EARLIER], [Condition("Conflict", "True", "TopicTaken")], 1, NOW)
    assert [one["type"] for one in written] == ["Conflict"]


def test_long_messages_are_cut() -> None:
    (written,) = merged([], [Condition("Ready", "False", "B", "x" * 5000)], 1, NOW)
    assert len(written["message"]) == LONGEST


def test_a_condition_is_found_by_its_type() -> None:
    assert find({"conditions": [EARLIER]}, "Ready") == EARLIER
    assert find({}, "Ready") == {}

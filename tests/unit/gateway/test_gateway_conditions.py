"""When a status is written, and with which times."""

from typing import Any

from services.gateway.cluster.conditions import due
from services.gateway.cluster.objects import CONTROLLER, GATEWAYS, ROUTES, Status, condition

THEN, NOW = "2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z"
ROUTE: dict[str, Any] = {"metadata": {"name": "orders", "generation": 2}}


def parent(holds: bool, controller: str = CONTROLLER, **fields: Any) -> dict[str, Any]:
    told = condition("Accepted", ROUTE, holds=holds, reason="Accepted") | fields
    return {"parentRef": {"name": "mercato"}, "controllerName": controller, "conditions": [told]}


def of_route(before: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> Status:
    return Status(ROUTES, {**ROUTE, "status": {"parents": before}}, {"parents": wanted})


def test_what_is_said_already_is_not_written_again() -> None:
    assert due(of_route([parent(True, lastTransitionTime=THEN)], [parent(True)]), NOW) is None


def test_the_time_is_that_of_the_last_change_of_the_status_not_of_the_message() -> None:
    other_message = due(of_route([parent(True, lastTransitionTime=THEN, message="old")], [parent(True)]), NOW)
    assert other_message is not None
    assert other_message["parents"][0]["conditions"][0]["lastTransitionTime"] == THEN
    other_status = due(of_route([parent(False, lastTransitionTime=THEN)], [parent(True)]), NOW)
    assert other_status is not None
    assert other_status["parents"][0]["conditions"][0]["lastTransitionTime"] == NOW


def test_a_new_generation_is_observed() -> None:
    old = parent(True, lastTransitionTime=THEN, observedGeneration=1)
    assert due(of_route([old], [parent(True)]), NOW) is not None


def test_other_controllers_entries_are_repeated_as_they_are() -> None:
    theirs = parent(True, "example.dev/other", lastTransitionTime=THEN)
    written = due(of_route([theirs], [theirs, parent(True)]), NOW)
    assert written is not None
    assert written["parents"][0] == theirs


def test_an_entry_that_is_not_wanted_any_more_is_taken_out() -> None:
    assert due(of_route([parent(True, lastTransitionTime=THEN)], []), NOW) == {"parents": []}


def test_conditions_of_others_on_a_gateway_do_no_harm() -> None:
    told = condition("Accepted", ROUTE, holds=True, reason="Accepted")
    theirs = {"type": "example.dev/Audited", "status": "True", "lastTransitionTime": THEN}
    observed = {**ROUTE, "status": {"conditions": [theirs, told | {"lastTransitionTime": THEN}]}}
    assert due(Status(GATEWAYS, observed, {"conditions": [told]}), NOW) is None


def test_a_status_that_was_never_written_is_due() -> None:
    told = condition("Accepted", ROUTE, holds=True, reason="Accepted")
    assert due(Status(GATEWAYS, ROUTE, {"conditions": [told]}), NOW) is not None

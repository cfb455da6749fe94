"""Ready, and why not."""

from typing import Any

import pytest
from mercato_operator.kube.conditions import Condition
from mercato_operator.services.status import verdict as status
from mercato_operator.services.status.shadowing import Claim
from mercato_operator.services.status.verdict import Verdict
from mercato_operator.settings import OperatorSettings
from mercato_operator.topics.uses import Use, UserState

from tests.unit.operator_services.commerce_objects import SETTINGS, service, whole

FINE: dict[str, Any] = {
    name: Condition(name, "True", "Fine", "fine") for name in ("database", "messaging", "route", "workload")
}


def verdict(**changed: Condition) -> Verdict:
    return Verdict(**{**FINE, **changed})


def test_all_parts_together_are_ready() -> None:
    assert (verdict().ready.status, verdict().ready.reason) == ("True", "Ready")
    assert {each.type for each in verdict().conditions} >= {"Ready", "Conflict"}


@pytest.mark.parametrize("part", list(FINE))
def test_one_part_that_is_not_says_why(part: str) -> None:
    broken = Condition(part, "False", "Broken", "mend it")
    assert (verdict(**{part: broken}).ready.reason, verdict(**{part: broken}).ready.message) == ("Broken", "mend it")


def test_a_conflict_comes_first() -> None:
    found = verdict(database=Condition("d", "False", "Broken"), conflict=status.shadowing(Claim("/a", "b", ())))
    assert found.ready.reason == "PathTaken"
    assert "/a is of b" in found.ready.message


def test_suspended_is_ready_and_says_so() -> None:
    assert verdict(workload=Condition("w", "True", "Suspended", "no pods")).ready.reason == "Suspended"


def test_with_anothers_name_nothing_is_said_to_be_done() -> None:
    found = status.nothing_done(Condition("Conflict", "True", "NameTaken", "choose another"))
    assert {each.status for each in found.conditions if each.type not in {"Ready", "Conflict"}} == {"Unknown"}
    assert found.ready.reason == "NameTaken"


def test_messaging_waits_until_what_was_asked_for_was_looked_at() -> None:
    asked = Use("loyalty", frozenset({"order.events"}), frozenset(), ("shop", "loyalty-kafka"), "secret")
    older = Use("loyalty", frozenset(), frozenset(), ("shop", "loyalty-kafka"), "secret")
    assert status.messaging(asked, None).reason == "Pending"
    assert status.messaging(asked, UserState(older, ready=True, reason="Ready", message="")).reason == "Pending"
    told = status.messaging(asked, UserState(asked, ready=False, reason="UnknownTopic", message="make it"))
    assert (told.status, told.reason, told.message) == ("False", "UnknownTopic", "make it")
    assert status.messaging(asked, UserState(asked, ready=True, reason="Ready", message="")).status == "True"


def parents(*conditions: tuple[str, str]) -> dict[str, Any]:
    told = [{"type": kind, "status": state, "reason": f"{kind}{state}", "message": "so"} for kind, state in conditions]
    return {"status": {"parents": [{"conditions": told}]}}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (None, ("False", "Pending")),
        (parents(("Accepted", "True"), ("ResolvedRefs", "True")), ("True", "Accepted")),
        (parents(("Accepted", "False")), ("False", "AcceptedFalse")),
        (parents(("Accepted", "True"), ("ResolvedRefs", "False")), ("False", "ResolvedRefsFalse")),
    ],
)
def test_a_route_object_is_ready_when_its_gateway_says_so(live: Any, expected: tuple[str, str]) -> None:
    found = status.route(whole(), OperatorSettings(namespace="shop", routes="httproute"), live)
    assert (found.status, found.reason) == expected


def test_a_route_says_where_it_cannot_be() -> None:
    assert status.route(whole(), SETTINGS, None).reason == "Published"
    assert status.route(service(), SETTINGS, None).reason == "NotRequested"
    assert status.route(whole(), OperatorSettings(namespace="shop", routes="none"), None).reason == "NotSupported"
    other = service(namespace="team", route={"pathPrefix": "/team"})
    assert status.route(other, SETTINGS, None).reason == "OtherNamespace"


def test_a_role_that_reaches_more_than_its_own_is_told() -> None:
    assert "postgres" in status.provisioned("loyalty", "postgres").message
    assert "nothing else" in status.provisioned("loyalty", "").message

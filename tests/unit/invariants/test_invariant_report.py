"""What the report says of parts that cannot be looked at."""

from collections.abc import Mapping

import pytest

from cli.invariants.check import NO_LEDGER, NO_MAILBOX, Report, left_out
from cli.invariants.logs import groups_of_others
from cli.platform.inside import Inside

SIMULATED = {"MERCATO_PAYMENT_MODE": "simulator"}
CAUGHT = {"MERCATO_TOOLBOX_NAMESPACE": "shop", "MERCATO_MAIL_URL": "http://mail"}


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({**SIMULATED, **CAUGHT}, []),
        ({**CAUGHT, "MERCATO_PAYMENT_MODE": "stripe"}, [NO_LEDGER]),
        (SIMULATED, [NO_MAILBOX]),
        ({}, [NO_LEDGER, NO_MAILBOX]),
    ],
)
def test_what_is_left_out_follows_from_the_parts_in_use(parts: Mapping[str, str], missing: list[str]) -> None:
    assert left_out(Inside(parts)) == missing
    assert Report(0, 1, [], missing).document()["left_out"] == missing


def test_services_beside_the_platforms_own_are_named_and_not_judged() -> None:
    topics = ["order.events", "order.events.notification.dead-letter", "order.events.loyalty.dead-letter", "loyalty.x"]
    assert groups_of_others(topics) == ["loyalty"]
    assert groups_of_others(topics[:2]) == []
    (told,) = left_out(Inside({**SIMULATED, **CAUGHT}), ["loyalty"])
    assert "loyalty" in told

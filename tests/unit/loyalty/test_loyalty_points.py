"""Points that an order is worth, and the object that adds the service."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from loyalty.messages import TOPIC, order_of
from loyalty.points import points
from loyalty.settings import LoyaltySettings
from mercato_operator.services.model import commerce_service

from services.chassis.messaging.messages import InvalidMessage, Message
from tests.support.names import NAMES
from tests.support.order_events import order_event

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "loyalty" / "commerceservice.yaml"


def worth(**changes: Any) -> int:
    return points(order_of(order_event("confirmed", **changes)), 100)


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def refund(amount: int, status: str = "succeeded") -> dict[str, Any]:
    return {"id": "r", "amount": money(amount), "status": status, "reason": "broken"}


def test_a_paid_order_is_worth_its_whole_units() -> None:
    assert worth(total=money(12399)) == 123


@pytest.mark.parametrize("status", ["PENDING", "RESERVED", "AUTHORIZED", "REJECTED", "CANCELLED"])
def test_an_order_that_is_not_paid_is_worth_nothing(status: str) -> None:
    assert worth(status=status) == 0


@pytest.mark.parametrize("status", ["CONFIRMED", "SHIPPED", "DELIVERED"])
def test_points_stay_while_the_order_goes_its_way(status: str) -> None:
    assert worth(status=status) == 1235


def test_what_is_given_back_is_taken_back() -> None:
    assert worth(total=money(10_000), refunds=[refund(2_050), refund(5_000, "pending"), refund(100, "failed")]) == 79
    assert worth(total=money(10_000), refunds=[refund(10_000)]) == 0


def test_before_prices_are_fixed_there_is_nothing_to_count() -> None:
    assert worth(status="PENDING", total=None) == 0


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), max_size=4), st.integers(1, 10_000))
def test_never_less_than_none_nor_more_than_was_paid(total: int, refunds: list[int], unit: int) -> None:
    order = order_of(order_event("refunded", total=money(total), refunds=[refund(each) for each in refunds]))
    assert 0 <= points(order, unit) * unit <= total


def test_what_is_no_order_is_refused_without_its_values() -> None:
    with pytest.raises(InvalidMessage, match="total") as refused:
        order_of(order_event("confirmed", total="4111"))
    assert "4111" not in str(refused.value)


# -- the object -------------------------------------------------------------------------------------------------------
def test_about_25_lines_are_enough_and_are_right() -> None:
    text = EXAMPLE.read_text()
    content = yaml.safe_load(text)
    assert len(text.splitlines()) <= 30
    content["metadata"] |= {"namespace": "mercato", "uid": "one"}
    service = commerce_service(content)
    assert service.name == LoyaltySettings.service, "the consumer group is the user's name"
    assert service.spec.consumes == [TOPIC]
    assert service.spec.config.keys() <= LoyaltySettings.model_fields.keys()


def test_whoever_ordered_gets_the_points() -> None:
    contacts = [{"name": name, "email": "ann@shop.test"} for name in NAMES]
    events = [order_event("confirmed", contact=contact) for contact in contacts]
    sent = [Message.parse(one.topic, one.key.encode(), one.payload(), one.headers("order")) for one in events]
    assert {points(order_of(message), 100) for message in sent} == {1235}
    assert [message.data["contact"] for message in sent] == contacts

from typing import Any

import pytest

from services.chassis.messaging.messages import InvalidMessage
from services.chassis.texts import currencies
from services.notification import render
from services.notification.handlers import drafted
from services.notification.kinds import KINDS, SILENT
from services.notification.messages import order_of
from tests.support.order_events import order_data, order_event


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "EUR", "0.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (123450, "EUR", "1,234.50 EUR"),
        (-1999, "USD", "-19.99 USD"),
        (1500, "JPY", "1,500 JPY"),
        (1234567, "KWD", "1,234.567 KWD"),
    ],
)
def test_money_is_written_with_its_currencys_digits(amount: int, currency: str, text: str) -> None:
    assert currencies.text_of(amount, currency) == text


def test_a_confirmation_tells_what_was_bought_for_how_much_and_where_it_goes() -> None:
    data = order_data()
    text = render.words("order_confirmed", order_of(data)).text
    for part in ("Hello Ann,", "2 x Kettle, 617.50 EUR each", "Total: 1,235.00 EUR", "Ann Smith", "D01 Dublin", "IE"):
        assert part in text
    assert data["id"] in text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("unknown_product", "does not exist"),
        ("out_of_stock", "not enough in stock"),
        ("price_changed", "price changed"),
        ("payment_declined", "declined"),
        ("payment_action_required", "approve"),
        ("payment_timeout", "did not answer in time"),
        ("expired", "in time"),
        ("a_reason_of_next_year", "could not be completed"),
    ],
)
def test_a_rejection_tells_its_reason_in_words(reason: str, words: str) -> None:
    text = render.words("order_rejected", order_of(order_data(reason=reason))).text
    assert words in text
    assert reason not in text


def test_a_cancellation_tells_what_becomes_of_the_money() -> None:
    paid = order_of(order_data(payment={"status": "reversing"}))
    unpaid = order_of(order_data(payment={"status": "none"}))
    assert "goes back" in render.words("order_cancelled", paid).text
    assert "You pay nothing" in render.words("order_cancelled", unpaid).text


@pytest.mark.parametrize("kind", sorted(KINDS.values()))
def test_an_order_without_fixed_prices_can_be_told_of(kind: str) -> None:
    product = "01a2066e-b32a-724f-a99c-6738e21b244d"
    lines = [{"product_id": product, "sku": None, "name": None, "quantity": 3, "unit_price": None}]
    order = order_of(order_data(lines=lines, total=None))
    for text in (render.words(kind, order).text, render.html(kind, order)):
        assert product in text
        assert "None" not in text


@pytest.mark.parametrize("kind", sorted(KINDS.values()))
def test_what_customers_wrote_is_escaped_in_html(kind: str) -> None:
    order = order_of(order_data(contact={"name": "<script>alert(1)</script>", "email": "ann@shop.test"}))
    html = render.html(kind, order)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "changes", [{"id": "no id"}, {"contact": None}, {"lines": "none"}, {"shipping_address": {"name": "4111"}}]
)
def test_an_event_that_is_not_an_order_is_invalid_and_its_values_stay_unnamed(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage, match="not an order: ") as refusal:
        order_of(order_data() | changes)
    assert "4111" not in str(refusal.value)


def test_an_unknown_type_is_invalid_so_that_it_can_be_replayed_once_it_is_known() -> None:
    with pytest.raises(InvalidMessage, match=r"mercato\.order\.eaten\.v1"):
        drafted(order_event("eaten"))


def test_no_type_is_both_told_and_silent() -> None:
    assert not SILENT & KINDS.keys()

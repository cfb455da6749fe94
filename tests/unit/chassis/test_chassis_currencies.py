"""Money is written with its currency's digits, and only in amounts a card can be charged."""

import pytest

from services.chassis.texts import currencies


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "EUR", "0.00 EUR"),
        (500, "ISK", "500 ISK"),
        (500, "UGX", "500 UGX"),
        (1_500_000, "XAF", "1,500,000 XAF"),
        (5, "MGA", "0.05 MGA"),
        (1_234_560, "TND", "1,234.560 TND"),
        (-7, "BHD", "-0.007 BHD"),
        (12_345, "CLF", "1.2345 CLF"),
        (100, "HUF", "1.00 HUF"),
        (100, "TWD", "1.00 TWD"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert currencies.text_of(amount, currency) == text


@pytest.mark.parametrize(("currency", "step"), [("EUR", 1), ("JPY", 1), ("ISK", 1), ("KWD", 10), ("MGA", 100)])
def test_the_smallest_charge_is_known(currency: str, step: int) -> None:
    assert currencies.step(currency) == step

"""Amounts reach Stripe as Stripe counts them, and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.texts import currencies
from services.payment.stripe_amounts import NotChargeableError, from_stripe, to_stripe

# Source: https://docs.stripe.com/currencies
ZERO_DECIMAL = ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
THREE_DECIMAL = ["BHD", "JOD", "KWD", "OMR", "TND"]
IN_HUNDREDTHS = ["ISK", "UGX"]
TWO_DECIMAL = ["EUR", "USD", "GBP", "HUF", "TWD", "IDR", "COP"]


@pytest.mark.parametrize("currency", ZERO_DECIMAL)
def test_whole_units_are_sent_as_they_are(currency: str) -> None:
    assert to_stripe(500, currency) == 500


@pytest.mark.parametrize("currency", IN_HUNDREDTHS)
def test_whole_units_that_stripe_counts_in_hundredths_are_multiplied(currency: str) -> None:
    assert to_stripe(500, currency) == 50_000
    assert from_stripe(50_000, currency) == 500


@pytest.mark.parametrize("currency", TWO_DECIMAL)
def test_two_digits_are_sent_as_they_are(currency: str) -> None:
    assert to_stripe(1_999, currency) == 1_999


@pytest.mark.parametrize("currency", THREE_DECIMAL)
def test_the_third_digit_must_be_zero(currency: str) -> None:
    assert to_stripe(5_120, currency) == 5_120
    for amount in (5_124, 1, 9):
        with pytest.raises(NotChargeableError, match="multiples of 10"):
            to_stripe(amount, currency)


def test_ariary_are_sent_whole() -> None:
    assert to_stripe(150_000, "MGA") == 1_500
    assert from_stripe(1_500, "MGA") == 150_000
    with pytest.raises(NotChargeableError, match="multiples of 100"):
        to_stripe(150_020, "MGA")


def test_a_part_of_a_unit_that_cannot_be_is_not_taken_for_an_amount() -> None:
    with pytest.raises(ValueError, match="parts of a unit"):
        from_stripe(50_050, "ISK")


@given(
    units=st.integers(0, 10**9),
    currency=st.sampled_from([*ZERO_DECIMAL, *THREE_DECIMAL, *IN_HUNDREDTHS, *TWO_DECIMAL, "MGA"]),
)
def test_what_can_be_charged_comes_back_exactly(units: int, currency: str) -> None:
    amount = units * currencies.step(currency)
    assert from_stripe(to_stripe(amount, currency), currency) == amount

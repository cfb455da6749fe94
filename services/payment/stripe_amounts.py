"""Amounts as Stripe counts them, and back, exactly.

Stripe mostly takes the minor unit of ISO 4217. Where it does not, the table says with how many digits it counts. It
charges UGX and ISK in whole units only, and still counts them in hundredths; it has no parts of an ariary (MGA).
Three-decimal amounts must end in 0. HUF and TWD are special for payouts only, which payment does not make.

Source: https://docs.stripe.com/currencies#special-cases, #zero-decimal and #three-decimal
"""

from typing import Final

from services.chassis.texts import currencies

_STRIPE_DIGITS: Final = {"ISK": 2, "UGX": 2, "MGA": 0}


class NotChargeableError(ValueError):
    """No card can be charged this amount; the sentence says which it can be."""


def to_stripe(amount: int, currency: str) -> int:
    """`amount` in minor units (ISO 4217), as Stripe takes it. Raises NotChargeableError; never rounds."""
    step = currencies.step(currency)
    if amount % step:
        raise NotChargeableError(f"{currency} is charged in multiples of {step} minor units, and {amount} is none")
    return _moved(amount, _STRIPE_DIGITS.get(currency, currencies.digits(currency)) - currencies.digits(currency))


def from_stripe(amount: int, currency: str) -> int:
    """What Stripe says, in minor units (ISO 4217). Raises ValueError for a part of a unit that cannot be."""
    return _moved(amount, currencies.digits(currency) - _STRIPE_DIGITS.get(currency, currencies.digits(currency)))


def _moved(amount: int, places: int) -> int:
    """`amount` with its decimal point moved."""
    factor: int = 10 ** abs(places)
    if places >= 0:
        return amount * factor
    whole, rest = divmod(amount, factor)
    if rest:
        raise ValueError(f"{amount} cannot be told without parts of a unit")
    return whole

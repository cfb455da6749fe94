"""Currencies: how many digits their minor unit has, how amounts are written, and which amounts a card can be charged.

Amounts are integer minor units as ISO 4217 (list one) defines them, everywhere in the platform.
"""

from typing import Final

_TWO: Final = 2
# Every currency that is not here has two digits.
_OTHER_DIGITS: Final = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip
# Cards are charged in hundredths of a dinar or rial, and in whole ariary, though the minor unit is smaller.
# Source: https://docs.stripe.com/currencies#three-decimal and #zero-decimal
_STEPS: Final = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10, "MGA": 100}


def digits(currency: str) -> int:
    """Decimal digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _OTHER_DIGITS.get(currency, _TWO)


def step(currency: str) -> int:
    """Every amount a card can be charged is a multiple of this many minor units; so every price is one too."""
    return _STEPS.get(currency, 1)


def text_of(amount: int, currency: str) -> str:
    """`amount` in minor units as people write it: 123450 EUR cents are `1,234.50 EUR`."""
    places = digits(currency)
    whole, fraction = divmod(abs(amount), 10**places)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}{f'.{fraction:0{places}}' if places else ''} {currency}"

"""Which amounts Stripe takes in which currency.

A table of its own, not payment's: an amount that payment converts wrongly must be refused here.

Source: https://docs.stripe.com/currencies#presentment-currencies, #three-decimal and #special-cases
"""

from typing import Final

from tryout.simulator.errors import InvalidRequest

_LARGEST: Final = 99_999_999
_HUNDREDS: Final = frozenset({"isk", "ugx"})
_TENS: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_SUPPORTED: Final = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
    clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr
    isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr
    mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd
    std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
_CURRENCIES: Final = frozenset(_SUPPORTED.split())

STEP_SQL: Final = f"""
CASE WHEN currency IN ({", ".join(f"'{code}'" for code in sorted(_HUNDREDS))}) THEN 100
     WHEN currency IN ({", ".join(f"'{code}'" for code in sorted(_TENS))}) THEN 10 ELSE 1 END
"""
"""Of what an amount in the column's `currency` is a multiple."""


def currency(text: str) -> str:
    """A supported currency in lower case. Raises InvalidRequest."""
    given = text.lower()
    if given not in _CURRENCIES:
        listed = ", ".join(sorted(_CURRENCIES))
        raise InvalidRequest(f"Invalid currency: {text}. These are supported: {listed}", param="currency")
    return given


def check(amount: int | None, in_currency: str) -> None:
    """Raises InvalidRequest for an amount that cannot be charged in the currency; None is fine."""
    if amount is None:
        return
    code = in_currency.upper()
    if amount > _LARGEST:
        raise InvalidRequest(
            f"Amount must be no more than {_LARGEST} in {code}.", code="amount_too_large", param="amount"
        )
    if in_currency in _HUNDREDS and amount % 100:
        raise InvalidRequest(
            f"Invalid amount. Currency {code} has become effectively zero-decimal and charged amounts must be evenly "
            "divisible by 100. See https://stripe.com/docs/currencies#special-cases for more information.",
            code="invalid_charge_amount_no_decimal_compatible",
            param="amount",
        )
    if in_currency in _TENS and amount % 10:
        raise InvalidRequest(
            f"Invalid amount. The last digit of an amount in {code} must be 0. "
            "See https://stripe.com/docs/currencies#three-decimal for more information.",
            code="parameter_invalid_integer",
            param="amount",
        )

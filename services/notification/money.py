"""Money in words a customer reads."""

# Minor units per ISO 4217 (list one); every other currency has two digits.
_NO_DIGITS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def text_of(amount: int, currency: str) -> str:
    """`amount` in minor units as people write it: 123450 EUR cents are `1,234.50 EUR`."""
    digits = 0 if currency in _NO_DIGITS else 3 if currency in _THREE_DIGITS else 2
    whole, fraction = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}{f'.{fraction:0{digits}}' if digits else ''} {currency}"

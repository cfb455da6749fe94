"""Money in words a customer reads."""

# Minor units per ISO 4217 (list one); every other currency has two digits.
_OTHER_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip


def text_of(amount: int, currency: str) -> str:
    """`amount` in minor units as people write it: 123450 EUR cents are `1,234.50 EUR`."""
    digits = _OTHER_DIGITS.get(currency, 2)
    whole, fraction = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}{f'.{fraction:0{digits}}' if digits else ''} {currency}"

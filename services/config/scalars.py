"""The single values of properties, and how Java writes them."""

import math
from collections.abc import Mapping
from decimal import Decimal

from services.config.broken import BrokenDocumentError

Scalar = str | int | float | bool
Properties = Mapping[str, Scalar]
"""Flat properties: `a.b[0]` is the first element of `b` in `a`."""


def whole(text: str) -> str:
    """`text` with surrogate pairs as the characters they stand for. Raises BrokenDocumentError for half of one."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise BrokenDocumentError("it has half of a surrogate pair, which no UTF-8 can carry") from None


def java_text(value: Scalar) -> str:
    """As Java's `String.valueOf` writes it: `true`, `1.0E10`, `NaN`."""
    if isinstance(value, bool):
        return str(value).lower()
    return _java_double(value) if isinstance(value, float) else str(value)


def _java_double(value: float) -> str:
    """Double.toString: plain digits from 10^-3 to 10^7, else a mantissa and an exponent."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = f"{Decimal(repr(value)):f}"
        return text if "." in text else f"{text}.0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    return f"{'-' if sign else ''}{first}.{''.join(rest) or '0'}E{len(rest) + int(exponent)}"

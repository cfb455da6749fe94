"""Recognises card numbers, so that none is ever stored or logged: the platform only sees payment tokens."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from itertools import accumulate

from services.chassis.texts.text import unseen

# Digits in groups, with the separators people type between them.
_RUN = re.compile(r"[0-9]+(?:[ \-./_]{1,3}[0-9]+)*")
_SHORTEST, _LONGEST = 13, 19
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))
# Visa, Mastercard (51-55, 2221-2720), American Express, Discover, Diners, JCB, UnionPay, Maestro.
_NETWORKS = re.compile(
    r"(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|30[0-5]|3[689]|35(?:2[89]|[3-8])|6011|64[4-9]|65|62|50|5[6-8]|6[37])"
)


def holds_card_number(text: str) -> bool:
    """True when `text` contains what a card network would accept as a number, alone or among other groups of digits."""
    if not text.isascii():
        # Full-width digits and no-break spaces are typed too, and so are the digits and dashes of other scripts.
        text = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    return any(_among(re.findall("[0-9]+", run.group())) for run in _RUN.finditer(text))


def _plain(char: str) -> str:
    # A joiner or a mark between two digits leaves them side by side for whoever reads them.
    if unseen(char) or unicodedata.category(char)[0] == "M":
        return ""
    if char == "\N{MINUS SIGN}" or unicodedata.category(char) == "Pd":
        return "-"
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _among(groups: list[str]) -> bool:
    """Each group is looked at as a beginning; what that costs does not grow with the number of the groups."""
    digits, ends = "".join(groups), list(accumulate(map(len, groups)))
    if ends[-1] < _SHORTEST:
        return False
    sums = _check_sums(digits, 0), _check_sums(digits, 1)
    for start in (0, *ends):
        if not _NETWORKS.match(digits, start):
            continue
        first = bisect_left(ends, start + _SHORTEST)
        for end in ends[first : bisect_right(ends, start + _LONGEST, first)]:
            if (sums[end % 2][end] - sums[end % 2][start]) % 10 == 0:
                return True
    return False


def _check_sums(digits: str, doubled: int) -> list[int]:
    """Luhn's sums (ISO/IEC 7812-1) of the first n digits; those with an even (0) or odd (1) index are doubled.

    Counted from a number's last digit the second is doubled, the fourth and so on: the index has the parity of its end.
    """
    values = bytearray(digits.encode().translate(_PLAIN))
    values[doubled::2] = digits[doubled::2].encode().translate(_DOUBLED)
    return list(accumulate(values, initial=0))

"""Recognises card numbers, so that none is ever stored or logged: the platform only sees payment tokens."""

import re
import unicodedata

from services.chassis.text import unseen

# Digits in groups, with the separators people type between them.
_RUN = re.compile(r"[0-9]+(?:[ \-./_]{1,3}[0-9]+)*")
_LONGEST = 19
# Visa, Mastercard (51-55, 2221-2720), American Express, Discover, Diners, JCB, UnionPay, Maestro.
_NETWORKS = re.compile(
    r"^(?:4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|30[0-5]|3[689]|35(?:2[89]|[3-8])|6011|64[4-9]|65|62|50|5[6-8]|6[37])"
)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 check digit."""
    total = 0
    for position, char in enumerate(reversed(digits)):
        digit = int(char)
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


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
    for first in range(len(groups)):
        digits = ""
        for group in groups[first : first + _LONGEST]:
            digits += group
            if len(digits) > _LONGEST:
                break
            if len(digits) >= 13 and _NETWORKS.match(digits) and luhn(digits):
                return True
    return False

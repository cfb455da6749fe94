"""What a text field may hold: the one rule of every door, and so of everything behind the doors.

A text is one line of characters. Refused are control characters, ends of a line and of a paragraph, halves of a
surrogate pair, and noncharacters: no header, log line or page can be trusted with them. Everything else stays as it was
typed, whatever script, blank, joiner, mark or symbol it is; only blanks at both ends go. It is not normalized, since
canonical equivalents need not look alike (who is written with U+FA19 is not written with U+795E); search folds anyway.

What is not empty must show something: blanks, format characters and marks without a letter are nothing to read.
Sources: Unicode Standard, chapters 4.5 and 23; DerivedCoreProperties.txt.
"""

import re
import unicodedata

# Categories Cc, Cs, Zl, Zp, and the code points that are set apart as no characters.
_REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# Default_Ignorable_Code_Point, and four that are blank though no property says so: the empty Braille cell, the place of
# an object, the musical null notehead, the blank hieroglyphs.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufffc\U0001d159\U00013441\U00013442]"
)
# What has no look of its own. Not Cn: what a later Unicode calls a letter is one, as far as we can tell.
_NOTHING = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Mc", "Me"})


def holds_control(text: str) -> bool:
    """True for a character that no text may hold."""
    return _REFUSED.search(text) is not None


def unseen(char: str) -> bool:
    """True for a character that takes part in a text without being visible in it."""
    return _UNSEEN.match(char) is not None


def shows(text: str) -> bool:
    """Whether there is anything to read in it."""
    return any(unicodedata.category(char) not in _NOTHING and not unseen(char) for char in text)


def salvaged(text: str, longest: int) -> str:
    """What can be kept of a text that came past no door of ours, at most `longest` characters; "" when that is nothing.

    For what its writer cannot correct, such as the claims in another issuer's token.
    """
    kept = _REFUSED.sub(" ", text).strip()[:longest].strip()
    return kept if shows(kept) else ""

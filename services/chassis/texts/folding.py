"""Folds away what people do not type when they look for something: case, width, accents, points, and variants."""

import unicodedata
from bisect import bisect_right

from services.chassis.texts.text import unseen

# Combining classes of marks that are accents, points or tones. The others are vowels, or join consonants: letters to
# whoever reads them (Unicode Standard, section 4.3, and UnicodeData.txt).
_ACCENTS = frozenset({1, 7, *range(10, 37), 107, 122, *range(200, 241)})
# They carry no class, and are accents all the same: marks around letters.
_ENCLOSING = "Me"

# Letters that normalization takes for letters of their own, and that are typed as others where a keyboard lacks them.
# The Latin ones are those of CLDR's transform Latin-ASCII; for the Arabic ones keyboards differ between countries.
_LETTERS = str.maketrans(
    {
        "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ŋ": "n", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
        "ɓ": "b", "ɖ": "d", "ɗ": "d", "ɛ": "e", "ə": "e", "ƙ": "k", "ɔ": "o", "ƴ": "y",
        "ی": "ي", "ى": "ي", "ې": "ي", "ک": "ك", "ے": "ي", "ہ": "ه", "ھ": "ه", "ة": "ه", "ە": "ه", "ٱ": "ا", "ـ": None,
    }
)  # fmt: skip
# Katakana and Hiragana write the same syllables.
_KANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}

# First and last code points of scripts that put no blanks between words, or (Korean) leave them out of names and
# compounds: Hangul jamo, Khmer, Tai Le to Lanna, Balinese, Han and kana with their extensions, Javanese, Myanmar, Yi.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF),
    (0x1B00, 0x1B7F), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3041, 0x312F), (0x3190, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0xA4CF), (0xA980, 0xA9FF), (0xAA60, 0xAADF), (0xF900, 0xFAFF), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip
_STARTS = [first for first, _ in _UNSPACED]
# Invisible, but it says where a word may be parted or joined.
_KEPT = frozenset("\u00ad\u200b\u200c\u2060")


def folded(text: str) -> str:
    """The text as it is compared: compatibility forms decomposed, cases folded, accents gone, digits ASCII."""
    plain = _bare(unicodedata.normalize("NFKD", text)).casefold()
    return _bare(unicodedata.normalize("NFKD", plain)).translate(_LETTERS).translate(_KANA)


def unspaced(char: str) -> bool:
    """Whether its script writes words without blanks between them."""
    found = bisect_right(_STARTS, ord(char)) - 1
    return found >= 0 and ord(char) <= _UNSPACED[found][1]


def _bare(text: str) -> str:
    if text.isascii():
        return text
    return "".join(_digit(char) for char in text if char in _KEPT or not (_accent(char) or unseen(char)))


def _accent(char: str) -> bool:
    return unicodedata.combining(char) in _ACCENTS or unicodedata.category(char) == _ENCLOSING


def _digit(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)

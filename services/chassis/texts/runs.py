"""Where words begin and end in a folded text, and where they may be cut. Pure."""

import re
import unicodedata
from collections.abc import Iterator

from services.chassis.texts.folding import folded, unspaced

LONGEST = 64
"""Characters of a term; longer words are told apart by so many."""
LONGEST_UNSPACED = 16
POINT = "."
"""What stands in a number for whatever separates its digits."""
_MOST_KINDS = 20_000

_NUMBER = re.compile(r"(?<=[0-9])[.,\u066b\u066c](?=[0-9])")
_JOINT = "-"
# Between two characters of a word they do not end it. Among the invisible, joiners and the soft hyphen do as much.
_JOINTS = frozenset(
    "-'./_@&+:\\`´\u00ad\u02b9\u02bb\u02bc\u05f3\u05f4\u05be\u200b\u200c\u2018\u2019\u201b\u2032\u2060\u30fb\uff65\u00b7"
)


def runs(text: str) -> Iterator[list[str]]:
    """What stands between blanks, as its parts; a number with a point in it is one part."""
    for run in _NUMBER.sub("\0", folded(text)).translate(_KINDS).split():
        parts = [part.strip("\0") for part in run.split(_JOINT)]
        if parts := [part.replace("\0", POINT) for part in parts if part]:
            yield parts


class _Kinds(dict[int, str]):
    """What each character means for words: itself, a joint, or a blank. Keeps those it met first, within bounds."""

    def __missing__(self, code: int) -> str:
        kind = _kind(chr(code))
        if len(self) < _MOST_KINDS:
            self[code] = kind
        return kind


def _kind(char: str) -> str:
    if char in _JOINTS:
        return _JOINT
    category = unicodedata.category(char)
    if char == "\0" or category[0] in "LNM" or category in {"Co", "Cn"}:
        return char
    return f" {char} " if category == "So" else " "


_KINDS = _Kinds()


def longest(first: str) -> int:
    """How much of what begins with this character is told apart."""
    return LONGEST_UNSPACED if unspaced(first) else LONGEST


def begins(char: str) -> bool:
    """Not in the middle of what is read as one: a mark, or the rest of a Korean syllable."""
    return not unicodedata.category(char).startswith("M") and not "\u1160" <= char <= "\u11ff"

"""Search as people type: one way to turn a text into the terms it is found by, and what was typed into a query.

Pure, and stored by its callers as a `tsvector` made here: PostgreSQL's own parser goes by one language, throws its stop
words away though they begin other words, and knows no words where a script writes none apart.

A word is found by its beginning, in any case, width, form and accent. Scripts without blanks between words are found by
any part. What is written with a hyphen, an apostrophe or the like is found with it, without it, and by its parts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby

from services.chassis.folding import folded, unspaced

RULE = 1
"""Rises when the same text gets other terms: rows that were folded by a lower one are then folded anew."""

LONGEST = 64
"""Characters of a term; longer words are told apart by so many."""
LONGEST_UNSPACED = 16
_LONGEST_TOGETHER = 32
_MOST_TERMS = 32
_MOST_KINDS = 20_000
_LAST_POSITION = 16_383
"""PostgreSQL counts no further (Limitations, in its chapter on full text search)."""

_NUMBER = re.compile(r"(?<=[0-9])[.,\u066b\u066c](?=[0-9])")
_GROUPED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_POINT = "."
_JOINT = "-"
# Between two characters of a word they do not end it. Among the invisible, joiners and the soft hyphen do as much.
_JOINTS = frozenset(
    "-'./_@&+:\\`´\u00ad\u02b9\u02bb\u02bc\u05f3\u05f4\u05be\u200b\u200c\u2018\u2019\u201b\u2032\u2060\u30fb\uff65\u00b7"
)


def terms(text: str, *, inside: bool = False) -> list[str]:
    """What a text is found by: any beginning of one of these; with `inside`, also its words from any letter on."""
    runs = list(_runs(text))
    written = [word for run in runs for word in _written(run)]
    found = dict.fromkeys(term for word in (*written, *_together(runs)) for term in _cut(word))
    if inside:
        found |= dict.fromkeys(term for run in runs for word in run for term in _ends(word))
    return list(found)


def vector(*weighted: tuple[str, Iterable[str]]) -> str:
    """The terms of several texts as PostgreSQL reads a `tsvector`; each comes with its weight, A to D."""
    found, position = [], 0
    for weight, texts_terms in weighted:
        for term in texts_terms:
            position = min(position + 1, _LAST_POSITION)
            found.append(f"'{term}':{position}{weight}")
    return " ".join(found)


def queries(text: str) -> list[str]:
    """What somebody typed, a `tsquery` for each word; a text must match all. None at all: there is no word in it."""
    found: dict[str, None] = {}
    for run in _runs(text):
        ways = dict.fromkeys(" & ".join(f"'{term}':*" for term in way) for way in _ways(run))
        found[" | ".join(f"({way})" for way in ways) if len(ways) > 1 else next(iter(ways))] = None
    return list(found)[:_MOST_TERMS]


def _runs(text: str) -> Iterator[list[str]]:
    """What stands between blanks, as its parts; a number with a point in it is one part."""
    for run in _NUMBER.sub("\0", folded(text)).translate(_KINDS).split():
        parts = [part.strip("\0") for part in run.split(_JOINT)]
        if parts := [part.replace("\0", _POINT) for part in parts if part]:
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


def _written(run: list[str]) -> Iterator[str]:
    """The words of a run, in each way that people write them."""
    for part in run:
        yield part
        if _POINT in part:
            yield from part.split(_POINT)
    if len(run) > 1 or _POINT in run[0]:
        yield "".join(run).replace(_POINT, "")


def _together(runs: list[list[str]]) -> Iterator[str]:
    """Words of a script without blanks that stand apart all the same, as those of a name do at times."""
    for apart, group in groupby(("".join(run) for run in runs), lambda word: unspaced(word[0]) and unspaced(word[-1])):
        words = list(group)
        if apart and len(words) > 1 and sum(map(len, words)) <= _LONGEST_TOGETHER:
            yield "".join(words)


def _cut(word: str) -> Iterator[str]:
    if word.isascii():
        yield word[:LONGEST]
        return
    for start in range(len(word)):
        if start == 0 or (_begins(word[start]) and _apart(word, start)):
            yield word[start : start + _longest(word[start])]


def _ends(word: str) -> Iterator[str]:
    word = word[:LONGEST]
    yield from (word[start:] for start in range(1, len(word) - 1) if _begins(word[start]))


def _ways(run: list[str]) -> Iterator[list[str]]:
    """The ways in which what was typed may be written in a text, each as the terms that it then has."""
    yield [piece for part in run for piece in _pieces(part)]
    joined = "".join(run).replace(_POINT, "")
    if len(run) > 1 or _GROUPED.fullmatch(run[0]):
        yield list(_pieces(joined))


def _pieces(word: str) -> Iterator[str]:
    """Cut where texts are cut, so that each piece begins a term of a text that holds the word."""
    start = 0
    for end in range(1, len(word)):
        if _begins(word[end]) and (_changes(word, end) or _full(word, start, end)):
            yield word[start:end][: _longest(word[start])]
            start = end
    yield word[start : start + _longest(word[start])]


def _full(word: str, start: int, end: int) -> bool:
    """Whether a piece without blanks ends here, since with the next place to cut it would be too long."""
    following = next((at for at in range(end + 1, len(word)) if _begins(word[at])), len(word))
    return unspaced(word[start]) and following - start > LONGEST_UNSPACED


def _longest(first: str) -> int:
    return LONGEST_UNSPACED if unspaced(first) else LONGEST


def _begins(char: str) -> bool:
    """Not in the middle of what is read as one: a mark, or the rest of a Korean syllable."""
    return not unicodedata.category(char).startswith("M") and not "\u1160" <= char <= "\u11ff"


def _apart(word: str, at: int) -> bool:
    return unspaced(word[at]) or unspaced(word[at - 1])


def _changes(word: str, at: int) -> bool:
    return unspaced(word[at]) != unspaced(word[at - 1])

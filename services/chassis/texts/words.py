"""Search as people type: one way to turn a text into the terms it is found by, and what was typed into a query.

Pure, and stored by its callers as a `tsvector` made here: PostgreSQL's own parser goes by one language, throws its stop
words away though they begin other words, and knows no words where a script writes none apart.

A word is found by its beginning, in any case, width, form and accent. Scripts without blanks between words are found by
any part. What is written with a hyphen, an apostrophe or the like is found with it, without it, and by its parts.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from services.chassis.texts.folding import unspaced
from services.chassis.texts.runs import LONGEST, LONGEST_UNSPACED, POINT, begins, longest, runs

RULE = 1
"""Rises when the same text gets other terms: rows that were folded by a lower one are then folded anew."""

_LONGEST_TOGETHER = 32
_MOST_TERMS = 32
# PostgreSQL's limits (Limitations, in its chapter on full text search): octets, and how far it counts.
_ROOM = 1_000_000
_ROOM_OF_A_POSITION = 8
_LAST_POSITION = 16_383

_GROUPED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")


def terms(text: str, *, inside: bool = False) -> list[str]:
    """What a text is found by: any beginning of one of these; with `inside`, also its words from any letter on."""
    all_runs = list(runs(text))
    written = [word for run in all_runs for word in _written(run)]
    found = dict.fromkeys(term for word in (*written, *_together(all_runs)) for term in _cut(word))
    if inside:
        found |= dict.fromkeys(term for run in all_runs for word in run for term in _ends(word))
    return list(found)


def vector(*weighted: tuple[str, Iterable[str]]) -> str:
    """The terms of several texts as PostgreSQL reads a `tsvector`; each comes with its weight, A to D.

    A vector has room for a megabyte. What comes after that is not found: no text that a door takes is as long.
    """
    found: list[str] = []
    room = _ROOM
    for weight, some in weighted:
        for term in some:
            room -= len(term.encode()) + _ROOM_OF_A_POSITION
            if room < 0:
                break
            found.append(f"'{term}':{min(len(found) + 1, _LAST_POSITION)}{weight}")
    return " ".join(found)


def queries(text: str) -> list[str]:
    """What somebody typed, a `tsquery` for each word; a text must match all. None at all: there is no word in it."""
    found: dict[str, None] = {}
    for run in runs(text):
        ways = dict.fromkeys(" & ".join(f"'{term}':*" for term in way) for way in _ways(run))
        found[" | ".join(f"({way})" for way in ways) if len(ways) > 1 else next(iter(ways))] = None
    return list(found)[:_MOST_TERMS]


def _written(run: list[str]) -> Iterator[str]:
    """The words of a run, in each way that people write them."""
    for part in run:
        yield part
        if POINT in part:
            yield from part.split(POINT)
    if len(run) > 1 or POINT in run[0]:
        yield "".join(run).replace(POINT, "")


def _together(all_runs: list[list[str]]) -> Iterator[str]:
    """Words of a script without blanks that stand apart all the same, as those of a name do at times."""
    for apart, group in groupby(
        ("".join(run) for run in all_runs), lambda word: unspaced(word[0]) and unspaced(word[-1])
    ):
        words = list(group)
        if apart and len(words) > 1 and sum(map(len, words)) <= _LONGEST_TOGETHER:
            yield "".join(words)


def _cut(word: str) -> Iterator[str]:
    if word.isascii():
        yield word[:LONGEST]
        return
    for start in range(len(word)):
        if start == 0 or (begins(word[start]) and _apart(word, start)):
            yield word[start : start + longest(word[start])]


def _ends(word: str) -> Iterator[str]:
    word = word[:LONGEST]
    yield from (word[start:] for start in range(1, len(word) - 1) if begins(word[start]))


def _ways(run: list[str]) -> Iterator[list[str]]:
    """The ways in which what was typed may be written in a text, each as the terms that it then has."""
    yield [piece for part in run for piece in _pieces(part)]
    joined = "".join(run).replace(POINT, "")
    if len(run) > 1 or _GROUPED.fullmatch(run[0]):
        yield list(_pieces(joined))


def _pieces(word: str) -> Iterator[str]:
    """Cut where texts are cut, so that each piece begins a term of a text that holds the word."""
    start = 0
    for end in range(1, len(word)):
        if begins(word[end]) and (_changes(word, end) or _full(word, start, end)):
            yield word[start:end][: longest(word[start])]
            start = end
    yield word[start : start + longest(word[start])]


def _full(word: str, start: int, end: int) -> bool:
    """Whether a piece without blanks ends here, since with the next place to cut it would be too long."""
    following = next((at for at in range(end + 1, len(word)) if begins(word[at])), len(word))
    return unspaced(word[start]) and following - start > LONGEST_UNSPACED


def _apart(word: str, at: int) -> bool:
    return unspaced(word[at]) or unspaced(word[at - 1])


def _changes(word: str, at: int) -> bool:
    return unspaced(word[at]) != unspaced(word[at - 1])

"""What PostgreSQL makes of our terms and queries, without PostgreSQL: the integration tests ask the real one."""

import re

from services.chassis.texts import words

_TERM = re.compile(r"'([^']*)':\*")


def finds(query: str, text: str, *, inside: bool = False) -> bool:
    """Whether what somebody typed finds a text; false when there is no word in what was typed."""
    terms = words.terms(text, inside=inside)
    queries = words.queries(query)
    return bool(queries) and all(_matches(one, terms) for one in queries)


def _matches(query: str, terms: list[str]) -> bool:
    ways = [[str(term) for term in _TERM.findall(way)] for way in query.split(" | ")]
    assert all(ways), query
    return any(all(any(term.startswith(piece) for term in terms) for piece in way) for way in ways)

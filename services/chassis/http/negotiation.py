"""Which of several forms a caller wants, by the weights in `Accept` (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence

from starlette.requests import Request

JSON = "application/json"
EVENTS = "text/event-stream"
VARY = {"vary": "accept"}
"""Belongs to every answer that was chosen."""

_TOKEN = r"[\w!#$%&'*+.^`|~-]+"  # noqa: S105 - RFC 9110, 5.6.2
_PARAMETER = re.compile(rf'\s*;\s*({_TOKEN})\s*=\s*({_TOKEN}|"(?:[^"\\]|\\.)*")', re.ASCII)
_RANGE = re.compile(rf"\s*({_TOKEN}/{_TOKEN})((?:{_PARAMETER.pattern})*)[\s;]*", re.ASCII)
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_WEIGHT = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?", re.ASCII)
_LONGEST = 4096


def negotiate(request: Request, offers: Sequence[str], default: str) -> str:
    """The offer the caller wants most.

    A more exact range speaks before a wildcard, weight 0 excludes, what cannot be read counts for nothing. Of equals
    the first offer wins when it was asked for by name, else `default`. That is also the answer where nothing fits: a
    caller that says what it cannot be given may still read what it gets.
    """
    ranges = _ranges(",".join(request.headers.getlist("accept"))[:_LONGEST])
    best, most = default, (0.0, 0, False)
    for offer in offers:
        exactness, weight = max(((n, ranges[name]) for n, name in _names(offer) if name in ranges), default=(0, 0.0))
        rank = (weight, exactness, exactness < 2 and offer == default)
        if weight > 0 and rank > most:
            best, most = offer, rank
    return best


def wants_events(request: Request) -> bool:
    """Whether a path that is JSON, or a stream of events, is to be the stream."""
    return negotiate(request, (EVENTS, JSON), JSON) == EVENTS


def _names(offer: str) -> Sequence[tuple[int, str]]:
    """The ranges that an offer is in; 2 is its name, without a wildcard."""
    return ((0, "*/*"), (1, f"{offer.partition('/')[0]}/*"), (2, offer))


def _ranges(header: str) -> dict[str, float]:
    """Weights by range; parameters of a type do not tell our forms apart."""
    found: dict[str, float] = {}
    for element in _ELEMENT.findall(header):
        if (known := _RANGE.fullmatch(element)) is None:
            continue
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(known[2])}
        weight = parameters.get("q", "1")
        if _WEIGHT.fullmatch(weight):
            name = known[1].lower()
            found[name] = max(found.get(name, 0.0), float(weight))
    return found

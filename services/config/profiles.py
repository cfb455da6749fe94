"""Profile expressions: `dev & !(eu | us)`, as Spring's `Profiles.of` reads them."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.config.broken import BrokenDocumentError

MAX_DEPTH: Final = 50
MAX_LENGTH: Final = 10_000
NAME: Final = re.compile(r"[^\W_](?:[\w.+@-]*[^\W_])?")
"""What may be a profile's name (ProfilesValidator of Spring Boot 3.5)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """True when the profile is active."""

    name: str

    def met(self, active: Collection[str]) -> bool:
        return self.name in active


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Expression"

    def met(self, active: Collection[str]) -> bool:
        return not self.inner.met(active)


@dataclass(frozen=True, slots=True)
class Joined:
    """All of them with `&`, any of them with `|`."""

    operator: str
    parts: "tuple[Expression, ...]"

    def met(self, active: Collection[str]) -> bool:
        found = (part.met(active) for part in self.parts)
        return all(found) if self.operator == "&" else any(found)


Expression = Profile | Not | Joined


class _Context(Enum):
    NONE = "none"
    NEGATE = "negate"
    PARENTHESIS = "parenthesis"


def parse(text: str) -> Expression:
    """Raises BrokenDocumentError."""
    if len(text) > MAX_LENGTH:
        raise BrokenDocumentError(f"a profile expression has more than {MAX_LENGTH} characters")
    tokens = iter([token.strip() for token in re.split("([()&|!])", text) if token.strip()])
    return _Parser(text, tokens).read(_Context.NONE, 0)


class _Parser:
    def __init__(self, text: str, tokens: Iterator[str]) -> None:
        self._text = text
        self._tokens = tokens

    def read(self, context: _Context, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise BrokenDocumentError(f"the profile expression {self._text[:40]!r}… is nested too deep")
        parts: list[Expression] = []
        operator = ""
        for part in self._tokens:
            found: Expression
            if part in {"&", "|"}:
                if operator not in ("", part):
                    raise self._malformed()
                operator = part
                continue
            if part == ")":
                found = self._join(parts, operator)
                if context is _Context.PARENTHESIS:
                    return found
                parts, operator = [found], ""
                continue
            if part == "!":
                parts.append(Not(self.read(_Context.NEGATE, depth + 1)))
                continue
            found = self.read(_Context.PARENTHESIS, depth + 1) if part == "(" else Profile(part)
            if context is _Context.NEGATE:
                return found
            parts.append(found)
        return self._join(parts, operator)

    def _join(self, parts: list[Expression], operator: str) -> Expression:
        if not parts:
            raise self._malformed()
        return parts[0] if len(parts) == 1 else Joined(operator or "|", tuple(parts))

    def _malformed(self) -> BrokenDocumentError:
        return BrokenDocumentError(f"the profile expression {self._text[:80]!r} is malformed")

"""`${name}` and `${name:default}` in texts, as Spring resolves them (PlaceholderParser of Spring Framework 6.2).

What cannot be resolved stays as it is written: an unknown name without a default, and what leads back to itself, which
Spring's server answers with an error for the whole document.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.config.scalars import Properties, java_text

MAX_DEPTH: Final = 50
MAX_SIZE: Final = 1024 * 1024
"""Characters of one resolved text: a few lines can ask for any number."""
MAX_TOTAL: Final = 16 * MAX_SIZE
"""Characters of all that was resolved."""

_ESCAPED = re.compile(r"\\{1,2}\$\{")
_SEPARATOR = re.compile(r"(?<!\\):")
Span = tuple[int, int]
"""A placeholder: from behind `${` to before `}`."""


class _UnresolvableError(Exception):
    """It has no end, or is too long."""


class Placeholders:
    """Resolves against property sources, the first that has a name wins."""

    def __init__(self, sources: Sequence[Properties]) -> None:
        self._values = {key: value for source in reversed(sources) for key, value in source.items()}
        self._known: dict[str, str | None] = {}
        self._open: list[str] = []
        self._left = MAX_TOTAL

    def resolve(self, text: str) -> str:
        """An escaped `\\${name}` becomes `${name}`."""
        if "${" not in text:
            return text
        try:
            found = self._whole(_ESCAPED.sub("$_{", text)).replace("$_{", "${")
        except _UnresolvableError:
            self._open.clear()
            return text
        self._left -= len(found)
        return found if self._left >= 0 else text

    def _whole(self, text: str) -> str:
        parsed = _Text(text)
        return self._join(parsed, parsed.parts(0, len(text)))

    def _join(self, text: "_Text", parts: "Iterable[str | Span]") -> str:
        found: list[str] = []
        size = 0
        for part in parts:
            found.append(part if isinstance(part, str) else self._placeholder(text, part))
            size += len(found[-1])
            if size > MAX_SIZE:
                raise _UnresolvableError
        return "".join(found)

    def _placeholder(self, text: "_Text", span: Span) -> str:
        if len(self._open) > MAX_DEPTH:
            raise _UnresolvableError
        parts = list(text.parts(*span))
        if parts and all(isinstance(part, str) for part in parts):
            written = "".join(map(str, parts))
            key, default = _sections(written)
            for candidate in dict.fromkeys((written, key)):
                value = self._value(candidate)
                if value is not None:
                    return value
            return f"${{{key}}}" if default is None else default
        return self._nested(text, parts)

    def _nested(self, text: "_Text", parts: "list[str | Span]") -> str:
        """A placeholder whose name or default has placeholders."""
        name: list[str | Span] = []
        default: list[str | Span] | None = None
        for position, part in enumerate(parts):
            before, after = _sections(part) if isinstance(part, str) else (part, None)
            name.append(before)
            if after is not None:
                default = [after, *parts[position + 1 :]]
                break
        self._open.append("")  # a level of its own, though no name yet
        key = self._join(text, name)
        value = self._value(key)
        if value is None:
            value = f"${{{key}}}" if default is None else self._join(text, default)
        self._open.pop()
        return value

    def _value(self, key: str) -> str | None:
        """What a name stands for; None where nobody says."""
        if key not in self._known:
            if key in self._open and key:
                raise _UnresolvableError
            self._known[key] = self._told(key) if key in self._values else None
        return self._known[key]

    def _told(self, key: str) -> str:
        self._open.append(key)
        found = self._whole(java_text(self._values[key]))
        self._open.pop()
        return found


class _Text:
    """A text, and where each `{` in it is closed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends: dict[int, int] = {}
        waiting: list[int] = []
        for found in re.finditer("[{}]", text):
            if found[0] == "{":
                waiting.append(found.start())
            elif waiting:
                self._ends[waiting.pop()] = found.start()

    def parts(self, start: int, end: int) -> "Iterator[str | Span]":
        """The texts and placeholders from `start` to `end`."""
        done = start
        position = self.text.find("${", start, end)
        while position >= 0:
            closed = self._ends.get(position + 1, end)
            if closed >= end or (position > start and self.text[position - 1] == "\\"):
                escaped = closed < end
                yield self.text[done : position - escaped] + "${"
                done = position + 2
            else:
                yield self.text[done:position]
                yield position + 2, closed
                done = closed + 1
            position = self.text.find("${", done, end)
        yield self.text[done:end]


def _sections(text: str) -> tuple[str, str | None]:
    """The name, and the default behind the first `:` that is not escaped."""
    found = _SEPARATOR.search(text)
    name, default = (text[: found.start()], text[found.end() :]) if found else (text, None)
    return name.replace("\\:", ":"), default

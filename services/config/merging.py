"""Many sources as one document: flat, or as nested maps and lists."""

import re
from collections.abc import Sequence
from typing import Any, Final

from services.config.scalars import Properties, Scalar

MAX_GAP: Final = 1000
"""Places without a value that a list may have. `ports[8080]` alone is no list of 8081 places, but a map's key."""

MAX_DEPTH: Final = 100

_LIST = re.compile(r"(.*?)\[\d+\]")
_TOKEN = re.compile(r"\[[^\]]*\]?|\.|[^.\[]+")
_INDEX = re.compile(r"\[\d{1,9}\]")
Path = list[str | int]


class _Items(dict[int, Any]):
    """A list that is being filled."""


def merged(sources: Sequence[Properties]) -> dict[str, Scalar]:
    """The first source wins; a list is taken whole from the first source that has its name, as a list or as a value."""
    found: dict[str, Scalar] = {}
    names: set[str] = set()
    for source in sources:
        told = {key: name[1] if (name := _LIST.match(key)) else key for key in source}
        found |= {key: source[key] for key, name in told.items() if key not in found and name not in names}
        names |= set(told.values())
    return found


def nested(properties: Properties) -> dict[str, Any]:
    """A name that is both a value and a map keeps its flat form, and so does one that reads no other way."""
    root: dict[str, Any] = {}
    for key in sorted(properties):  # `a` before `a.b`
        _put(root, path(key), properties[key])
    return {key: _finished(value) for key, value in root.items()}


def path(key: str) -> Path:
    """The parts of a name: `a.b[0]` has three; what is in brackets and no index is of the part it stands in."""
    parts: Path = []
    name: list[str] = []
    ended = False  # the part before was a list's place, behind which a dot begins no empty part
    for token in _TOKEN.finditer(key):
        text, rest = token[0], key[token.end() : token.end() + 1]
        if text == ".":
            parts += [] if ended else ["".join(name)]
            name, ended = [], False
        elif _INDEX.fullmatch(text) and rest in {"", ".", "["} and (name or parts):
            parts += ["".join(name), int(text[1:-1])] if name else [int(text[1:-1])]
            name, ended = [], True
        else:
            name.append(text)
            ended = False
    parts += ["".join(name)] if name else []
    return parts if parts and len(parts) <= MAX_DEPTH and joined(parts) == key else [key]


def joined(parts: Path) -> str:
    """The name that has these parts."""
    name = ""
    for part in parts:
        text = f"[{part}]" if isinstance(part, int) else part
        name += text if not name or text.startswith("[") else f".{text}"
    return name


def _put(root: dict[str, Any], parts: Path, value: Scalar) -> None:
    node: Any = root
    home, start = root, 0
    for position, part in enumerate(parts[:-1]):
        if not isinstance(node, _Items):
            home, start = node, position
        kind = _Items if isinstance(parts[position + 1], int) else dict
        inner = node.setdefault(part, kind())
        if type(inner) is not kind:
            home[joined(parts[start:])] = value
            return
        node = inner
    node[parts[-1]] = value


def _finished(value: Any) -> Any:
    if isinstance(value, _Items):
        if max(value) < len(value) + MAX_GAP:
            return [_finished(value.get(index)) for index in range(max(value) + 1)]
        return {f"[{index}]": _finished(inner) for index, inner in value.items()}
    if isinstance(value, dict):
        return {key: _finished(inner) for key, inner in value.items()}
    return value

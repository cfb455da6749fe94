"""Flat properties to and from YAML, JSON and Java's `.properties` (java.util.Properties.load)."""

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import yaml

from services.config.backend import Properties, Scalar

_LIST_ITEM = re.compile(r"^(.*?)\[\d+\]")
_PATH_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class _Loader(yaml.SafeLoader):
    """Refuses a key given twice, of which YAML would silently keep the last; leaves dates as the text they are."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(text: str) -> list[Any]:
    """The documents of a YAML stream. Raises yaml.YAMLError."""
    return list(yaml.load_all(text, _Loader))


def flatten(value: Any, prefix: str = "") -> dict[str, Scalar]:
    """Nested maps and lists as flat properties; null becomes the empty string, as in Spring."""
    if isinstance(value, dict):
        parts = [(f"{prefix}.{key}" if prefix else str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list):
        parts = [(f"{prefix}[{index}]", inner) for index, inner in enumerate(value)]
    else:
        return {prefix: "" if value is None else value}
    flat: dict[str, Scalar] = {}
    for name, inner in parts:
        flat |= flatten(inner, name)
    return flat


def merged(sources: Sequence[Properties]) -> dict[str, Scalar]:
    """One set of properties: the first source wins; a list is taken whole from the first source that has it."""
    result: dict[str, Scalar] = {}
    lists: set[str] = set()
    for source in sources:
        result.update({k: v for k, v in source.items() if k not in result and not _lists_of(k) & lists})
        lists |= {name for key in source for name in _lists_of(key)}
    return result


def _lists_of(key: str) -> set[str]:
    found = _LIST_ITEM.match(key)
    return {found[1]} if found else set()


def nested(properties: Properties) -> dict[str, Any]:
    """Flat properties as nested maps and lists; a name that is both a value and a map keeps its flat form."""
    root: dict[str, Any] = {}
    for key, value in sorted(properties.items()):  # `a` before `a.b`
        parts = [int(index) if index else name for index, name in _PATH_PART.findall(key)]
        if not parts or not _put(root, parts, value):
            root[key] = value
    return {key: _lists(value) for key, value in root.items()}


def _put(node: dict[Any, Any], parts: list[int | str], value: Scalar) -> bool:
    for part in parts[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            return False
    if parts[-1] in node:
        return False
    node[parts[-1]] = value
    return True


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_lists(value[index]) for index in sorted(value)]
    return {str(key): _lists(inner) for key, inner in value.items()}


def load_properties(text: str) -> dict[str, str]:
    """Java's `.properties`: `#` and `!` comments, `=`, `:` or blank as separator, `\\` escapes and continues."""
    found: dict[str, str] = {}
    for line in _logical_lines(text):
        separator = re.search(r"(?<!\\)(?:\\\\)*(\s*[=:]\s*|\s+)", line)
        key, value = (line[: separator.start(1)], line[separator.end(1) :]) if separator else (line, "")
        found[_unescape(key)] = _unescape(value)
    return found


def _logical_lines(text: str) -> Iterator[str]:
    pending = ""
    for raw in text.splitlines():
        line = raw.lstrip()
        if not pending and (not line or line[0] in "#!"):
            continue
        pending += line
        if (len(pending) - len(pending.rstrip("\\"))) % 2:  # an odd number of backslashes continues the line
            pending = pending[:-1]
            continue
        yield pending
        pending = ""
    if pending:
        yield pending


def _unescape(text: str) -> str:
    controls = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}

    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else controls.get(match[2], match[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", character, text)


def dump_properties(properties: Properties) -> str:
    """One `key: value` line each, as Spring writes them, which every reader of `.properties` understands."""
    return "".join(f"{_escape(key, r' =:#!')}: {_escape(_text(value), '')}\n" for key, value in properties.items())


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _escape(text: str, special: str) -> str:
    for character in "\\" + special:
        text = text.replace(character, "\\" + character)
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return "\\" + text if text.startswith(" ") else text

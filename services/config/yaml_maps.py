"""What a node of YAML says: as flat properties, as Spring Boot makes them, or as the plain value it is."""

from collections.abc import Iterator
from typing import Any, Final

from services.config.broken import BrokenDocumentError
from services.config.scalars import Scalar as Value
from services.config.scalars import java_text
from services.config.yaml_merges import entries, key_value
from services.config.yaml_nodes import Mapping, Node, Scalar, Sequence
from services.config.yaml_scalars import TAG, scalar

MAX_NAME: Final = 50_000
"""Characters of a property's name; Jackson refuses more, and so does every Spring client (StreamReadConstraints)."""
MAX_SIZE: Final = 8 * 1024 * 1024
"""Characters of all properties of a document, 16 more for each node: aliases can make any number of a few lines."""
MAX_DEPTH: Final = 200
"""Collections within each other; aliases can nest what was not nested in the text."""


def flat(root: Node) -> dict[str, Value]:
    """The properties of a document (YamlProcessor and OriginTrackedYamlLoader). Raises BrokenDocumentError.

    Null and an empty list become the empty text, an empty map nothing; what is no map is called `document`.
    """
    walk = _Flattening()
    walk.visit("" if isinstance(root, Mapping) and root.tag != f"{TAG}set" else "document", root, 0)
    return walk.found


class _Flattening:
    def __init__(self) -> None:
        self.found: dict[str, Value] = {}
        self._path: set[int] = set()
        self._left = MAX_SIZE

    def visit(self, name: str, node: Node, depth: int) -> None:
        if len(name) > MAX_NAME:
            raise BrokenDocumentError(f"a property's name has more than {MAX_NAME} characters")
        self._spend(name)
        if isinstance(node, Scalar):
            value = scalar(node.tag, node.text)
            self._put(name, "" if value is None else value)
            return
        if id(node) in self._path or depth > MAX_DEPTH:
            raise BrokenDocumentError("it is nested without end" if id(node) in self._path else "it is nested too deep")
        self._path.add(id(node))
        empty = True
        for part, inner in _members(node):
            empty = False
            self.visit(_joined(name, part), inner, depth + 1)
        if empty and ((isinstance(node, Sequence) and node.tag != f"{TAG}omap") or node.tag == f"{TAG}set"):
            self._put(name, "")
        self._path.remove(id(node))

    def _put(self, name: str, value: Value) -> None:
        if isinstance(value, str):
            self._spend(value)
        self.found[name] = value

    def _spend(self, text: str) -> None:
        self._left -= len(text) + 16
        if self._left < 0:
            raise BrokenDocumentError(f"it expands to more than {MAX_SIZE // 1024 // 1024} MiB of properties")


def _joined(name: str, part: str) -> str:
    if not name.strip():
        return part
    return f"{name}{part}" if part.startswith("[") else f"{name}.{part}"


def _members(node: Sequence | Mapping) -> Iterator[tuple[str, Node]]:
    """The parts of a collection, each with what it adds to the name."""
    if isinstance(node, Mapping):
        if node.tag == f"{TAG}set":
            yield from ((f"[{index}]", key) for index, (key, _) in enumerate(entries(node)))
            return
        _only(node, f"{TAG}map")
        for key, value in entries(node):
            name = key_value(key)
            yield (name if isinstance(name, str) else f"[{java_text(name)}]"), value
    elif node.tag == f"{TAG}omap":
        for item in node.items:
            if not isinstance(item, Mapping) or len(item.pairs) != 1:
                raise BrokenDocumentError("!!omap is a list of maps with one key each")
            yield from _members(item)
    else:
        _only(node, f"{TAG}seq")
        yield from ((f"[{index}]", item) for index, item in enumerate(node.items))


def _only(node: Sequence | Mapping, tag: str) -> None:
    if node.tag not in {None, tag}:
        raise BrokenDocumentError(f"the tag {str(node.tag).replace(TAG, '!!')} is not known here")


def plain(node: Node) -> Any:
    """The value of a node, as dicts, lists and scalars. Raises BrokenDocumentError."""
    return _plain(node, {})


def _plain(node: Node, known: dict[int, Any]) -> Any:
    if isinstance(node, Scalar):
        return scalar(node.tag, node.text)
    if id(node) not in known:
        known[id(node)] = None  # what holds itself has no end, and holds nothing there
        if isinstance(node, Sequence):
            known[id(node)] = [_plain(item, known) for item in node.items]
        else:
            known[id(node)] = {key_value(key): _plain(value, known) for key, value in entries(node)}
    return known[id(node)]

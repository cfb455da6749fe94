"""YAML as a graph of nodes: nothing is constructed, so that no document can run, recurse or grow without bound.

The events are libyaml's where it is at hand: a document of 1 MiB takes a second, not twenty.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from services.config.broken import BrokenDocumentError
from services.config.yaml_scalars import TAG, plain_tag

MAX_DEPTH: Final = 50
"""Collections within each other, as SnakeYAML allows (LoaderOptions.nestingDepthLimit)."""
_SURROGATE = re.compile(r"\\u[dD][89abAB]")


@dataclass(slots=True, eq=False)
class Scalar:
    """`tag` in full, resolved where none was written."""

    tag: str
    text: str


@dataclass(slots=True, eq=False)
class Sequence:
    tag: str | None
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """`merged`, `loose`: its entries with those it merges, once they are known (see `services.config.yaml_merges`)."""

    tag: str | None
    pairs: "list[Entry]" = field(default_factory=list)
    merged: "Merged | None" = None
    loose: "Merged | None" = None


Node = Scalar | Sequence | Mapping
Entry = tuple[Node, Node]
Merged = dict[tuple[type, object, bool], Entry]


class _PythonParser(Reader, Scanner, Parser):
    """Reads what libyaml refuses: surrogate pairs, as JSON's writers escape what is beyond U+FFFF."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


_FAST_PARSER: Final = getattr(yaml.cyaml, "CParser", _PythonParser) if yaml.__with_libyaml__ else _PythonParser


def documents(text: str) -> list[Node]:
    """The roots of a stream's documents. Raises BrokenDocumentError."""
    text = text.removeprefix("\ufeff")
    try:
        try:
            return list(_composed(text, _FAST_PARSER))
        except yaml.YAMLError:
            if not _SURROGATE.search(text):
                raise
            return list(_composed(text, _PythonParser))
    except yaml.YAMLError as error:
        raise BrokenDocumentError(_one_line(error)) from None
    except UnicodeEncodeError:
        raise BrokenDocumentError("it has half of a surrogate pair, which no UTF-8 can carry") from None


def _composed(text: str, parser: Any) -> Iterator[Node]:
    anchors: dict[str, Node] = {}
    open_: list[_Open] = []
    for event in yaml.parse(text, parser):
        if isinstance(event, yaml.DocumentStartEvent):
            anchors, open_ = {}, []
        elif isinstance(event, yaml.CollectionEndEvent):
            done = open_.pop()
            if not open_:
                yield done.node
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise BrokenDocumentError(f"{_place(event)}the alias *{event.anchor} has no anchor")
            open_[-1].add(anchors[event.anchor])
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            node = _node(event)
            if event.anchor is not None:
                anchors[event.anchor] = node
            if open_:
                open_[-1].add(node)
            if not isinstance(node, Scalar):
                open_.append(_Open(node))
                if len(open_) > MAX_DEPTH:
                    raise BrokenDocumentError(f"{_place(event)}it is nested more than {MAX_DEPTH} deep")
            elif not open_:
                yield node


def _node(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Node:
    tag = None if event.tag == "!" else event.tag
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(tag or (plain_tag(event.value) if event.implicit[0] else f"{TAG}str"), event.value)
    return Mapping(tag) if isinstance(event, yaml.MappingStartEvent) else Sequence(tag)


@dataclass(slots=True)
class _Open:
    """A collection whose end was not seen yet; `key` waits for its value."""

    node: Sequence | Mapping
    key: Node | None = None

    def add(self, node: Node) -> None:
        if isinstance(self.node, Sequence):
            self.node.items.append(node)
        elif self.key is None:
            self.key = node
        else:
            self.node.pairs.append((self.key, node))
            self.key = None


def _place(event: yaml.Event) -> str:
    mark = event.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""


def _one_line(error: yaml.YAMLError) -> str:
    """What is wrong and where, without the excerpt YAML's own text carries over several lines."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark else str(problem)

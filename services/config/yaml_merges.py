"""The entries of YAML's maps: `<<` merges, and no key is there twice."""

from collections.abc import Iterable, Iterator

from services.config.broken import BrokenDocumentError
from services.config.scalars import Scalar as Value
from services.config.yaml_nodes import Entry, Mapping, Merged, Node, Scalar, Sequence
from services.config.yaml_scalars import TAG, scalar


def entries(node: Mapping) -> Iterable[Entry]:
    """The entries of a map that is read at its own place. Raises BrokenDocumentError."""
    if node.merged is None:
        _refuse_repeats(node)
        node.merged = _merge(node, frozenset(), own=True)
    # Where a key came twice, from the map and from what is merged, what was put last wins.
    return {ident[:2]: entry for ident, entry in node.merged.items()}.values()


def key_value(node: Node) -> Value:
    """Raises BrokenDocumentError."""
    if not isinstance(node, Scalar):
        raise BrokenDocumentError("a key is a list or a map: only single values can be keys")
    value = scalar(node.tag, node.text)
    if value is None:
        raise BrokenDocumentError("a key is null: put it in quotes")
    return value


def _refuse_repeats(node: Mapping) -> None:
    seen: set[tuple[type, Value]] = set()
    for key, _ in node.pairs:
        if _merges(key):
            continue
        value = key_value(key)
        if (type(value), value) in seen:
            raise BrokenDocumentError(f"the key {str(value)[:80]!r} is there twice")
        seen.add((type(value), value))


def _merge(node: Mapping, within: frozenset[int], *, own: bool) -> Merged:
    """In a map read at its own place, its own keys win. In one that is merged into another, what came first does.

    As with Spring Boot, whose loader takes the keys of a map that is only merged for others than those of one that was
    read at its own place before: a map written behind `<<` wins over an alias, and over a key before it.
    """
    if node.merged is not None:
        return node.merged
    if node.loose is not None and not own:
        return node.loose
    if id(node) in within:
        raise BrokenDocumentError("it is nested without end")
    found: Merged = {}
    for key, value in node.pairs:
        if _merges(key):
            for source in _sources(value):
                for ident, entry in _merge(source, within | {id(node)}, own=False).items():
                    found.setdefault(ident, entry)
            continue
        name = key_value(key)
        ident = (type(name), name, not own)
        if own or ident not in found:
            found[ident] = (key, value)
    if not own:
        node.loose = found
    return found


def _merges(key: Node) -> bool:
    return isinstance(key, Scalar) and key.tag == f"{TAG}merge"


def _sources(value: Node) -> Iterator[Mapping]:
    for each in value.items if isinstance(value, Sequence) else [value]:
        if not isinstance(each, Mapping):
            raise BrokenDocumentError("'<<' merges maps and lists of maps only")
        yield each

"""What was last seen of the objects that are watched. Pure."""

from collections.abc import Iterator
from typing import Any, Final

Object = dict[str, Any]
Key = tuple[str, str, str]
"""(plural of the kind, namespace, name)."""

_TOLD_BY_STATUS: Final = {"deployments", "httproutes"}
"""Kinds whose status matters to their owner."""


class Store:
    """Objects by key; an event that is older than what is known, or about an earlier object of the name, is dropped."""

    def __init__(self) -> None:
        self._objects: dict[Key, Object] = {}

    def get(self, plural: str, namespace: str, name: str) -> Object | None:
        return self._objects.get((plural, namespace, name))

    def all(self, plural: str) -> Iterator[Object]:
        """In no order."""
        return (each for (kind, _, _), each in self._objects.items() if kind == plural)

    def older(self, plural: str, namespace: str, version: int) -> Iterator[Object]:
        """Those of a namespace that were known before a list of that version was read."""
        for (kind, where, _), each in self._objects.items():
            if kind == plural and where == namespace and version_of(each) <= version:
                yield each

    def put(self, plural: str, content: Object) -> bool:
        """What is there now; answers whether it differs in a way that matters."""
        key = _key(plural, content)
        known = self._objects.get(key)
        if known is not None and version_of(content) < version_of(known):
            return False
        self._objects[key] = content
        # The book-keeping of server-side apply is often larger than the object.
        content["metadata"].pop("managedFields", None)
        return known is None or _matters(plural, known) != _matters(plural, content)

    def remove(self, plural: str, content: Object) -> bool:
        """It is gone; answers whether it was there."""
        key = _key(plural, content)
        known = self._objects.get(key)
        if known is None or known["metadata"].get("uid") != content["metadata"].get("uid"):
            return False
        del self._objects[key]
        return True


def _key(plural: str, content: Object) -> Key:
    metadata = content["metadata"]
    return plural, metadata.get("namespace", ""), metadata["name"]


def version_of(content: Object) -> int:
    """Numbers that grow, as Kubernetes promises from 1.35 on and etcd has always had them."""
    text = content["metadata"].get("resourceVersion", "")
    return int(text) if text.isdecimal() else 0


def _matters(plural: str, content: Object) -> Object:
    """Without what changes by itself: the statuses of most, and the book-keeping of all."""
    left_out = {"resourceVersion", "managedFields"}
    metadata = {key: value for key, value in content["metadata"].items() if key not in left_out}
    status = {"status"} - ({"status"} if plural in _TOLD_BY_STATUS else set())
    return {**{key: value for key, value in content.items() if key not in status}, "metadata": metadata}

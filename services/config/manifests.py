"""ConfigMap manifests as property sources, read as Spring Cloud Kubernetes reads them.

A ConfigMap `order` holds flat `key: value` pairs, or whole documents: `application.yaml` and `order.yaml` for every
profile, `application-dev.yaml` and `order-dev.yaml` for one. A ConfigMap `order-dev` is the same as `order` for `dev`.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from services.config.activation import activation
from services.config.backend import PropertySource
from services.config.broken import BrokenDocumentError
from services.config.documents import parts_of
from services.config.scalars import whole

LABEL = "mercato.dev/config"
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_DOCUMENT = re.compile(r"(?P<stem>.+)\.(?P<suffix>ya?ml|properties)")
MAX_FAULT = 500
_SUFFIXES = ("properties", "yml", "yaml")
"""Of several documents of one name the first wins, as with Spring Boot."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a document of a ConfigMap says, first wins, and to whom: `order`, or `order-dev`.

    Of the documents of one ConfigMap the one with the lowest `rank` wins.
    """

    target: str
    rank: tuple[int, str, int]
    sources: tuple[PropertySource, ...]


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """What a ConfigMap says, by name of the document, and one line for each document that cannot be read."""

    documents: Mapping[str, Document] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def is_config(manifest: Any) -> bool:
    """Whether a manifest is a ConfigMap that says it is configuration; anything else, a Secret above all, is not."""
    if not isinstance(manifest, dict) or manifest.get("kind") != "ConfigMap" or manifest.get("apiVersion") != "v1":
        return False
    metadata = manifest.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and labels.get(LABEL) == "true"


def name_of(manifest: Mapping[str, Any]) -> str:
    """The ConfigMap's name. Raises BrokenDocumentError."""
    name = manifest["metadata"].get("name")
    if not isinstance(name, str) or not name:
        raise BrokenDocumentError("metadata.name is missing")
    return name


def understand(manifest: Mapping[str, Any], before: ConfigMap | None = None, prefix: str = "") -> ConfigMap:
    """What a ConfigMap says; while a document of it is broken, what it said `before` stays where nothing is said now.

    `prefix` is put before its name in the names of sources. Raises BrokenDocumentError where it has no name.
    """
    name = name_of(manifest)
    found: dict[str, Document] = {}
    faults: list[str] = []
    for place, read in _readers(name, f"configmap:{prefix}{name}", manifest):
        try:
            found[place] = read()
        except BrokenDocumentError as error:
            faults.append(f"{place}: {error}"[:MAX_FAULT])
    if faults and before is not None:
        found = {**before.documents, **found}
    return ConfigMap(found, tuple(faults))


def joined(configmaps: Iterable[ConfigMap]) -> dict[str, tuple[PropertySource, ...]]:
    """The sources for each name; the first ConfigMap that has a key wins."""
    found: dict[str, tuple[PropertySource, ...]] = {}
    for configmap in configmaps:
        for document in sorted(configmap.documents.values(), key=lambda each: each.rank):
            found[document.target] = found.get(document.target, ()) + document.sources
    return found


def _readers(name: str, source: str, manifest: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[], Document]]]:
    """What there is to read, each with its place in the manifest."""
    flat: dict[str, Any] = {}
    for place, decode in (("data", _text), ("binaryData", _decoded)):
        data = manifest.get(place) or {}
        if not isinstance(data, dict):
            yield place, partial(_refuse, "it is not a map")
            continue
        for key, value in data.items():
            if isinstance(key, str) and _DATA_KEY.fullmatch(key) and _DOCUMENT.fullmatch(key):
                yield f"{place}.{key}", partial(_document, name, source, key, partial(decode, key, value))
            elif place == "data":
                flat[key] = value
    if flat:
        yield "data", partial(_pairs, name, source, flat)


def _document(name: str, source: str, key: str, text: Callable[[], str]) -> Document:
    stem, _, suffix = key.rpartition(".")
    target, kind = _target(name, stem)
    parts = parts_of(suffix, text(), for_profile=target != name)
    numbered = [(f" (document #{number})" if len(parts) > 1 else "", part) for number, part in enumerate(parts)]
    sources = [PropertySource(f"{source}/{key}{number}", p.properties, p.activation) for number, p in numbered]
    return Document(target, (kind, stem, _SUFFIXES.index(suffix)), tuple(reversed(sources)))  # what comes later wins


def _target(name: str, stem: str) -> tuple[str, int]:
    """Whom a document speaks to; one named like its ConfigMap before one named `application` before any other."""
    for kind, base in enumerate((name, "application"), 1):
        if stem == base:
            return name, kind
        if stem.startswith(f"{base}-"):
            return f"{name}-{stem.removeprefix(f'{base}-')}", kind
    return name, 3


def _pairs(name: str, source: str, flat: Mapping[Any, Any]) -> Document:
    """The keys that are no documents, as one; they win over those that are."""
    for key, value in flat.items():
        if not isinstance(key, str) or not _DATA_KEY.fullmatch(key):
            raise BrokenDocumentError(f"key {str(key)[:80]!r}: only letters, digits, '-', '_' and '.' are allowed")
        if not isinstance(value, str):
            raise BrokenDocumentError(f"{key} is not a string: put it in quotes")
    properties = {key: whole(value) for key, value in flat.items()}
    return Document(name, (0, "", 0), (PropertySource(source, properties, activation(properties)),))


def _text(_key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BrokenDocumentError("it is not a string: put it in quotes, or behind '|' on lines of its own")
    return whole(value)


def _decoded(key: str, value: Any) -> str:
    """UTF-8, or what Java takes a `.properties` file for. kubectl puts files here that are not UTF-8."""
    try:
        content = base64.b64decode("".join(value.split()), validate=True)
    except (AttributeError, ValueError):
        raise BrokenDocumentError("it is not base64") from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if key.endswith(".properties"):
            return content.decode("latin-1")
        raise BrokenDocumentError(f"it is not UTF-8 (byte {error.start + 1})") from None


def _refuse(reason: str) -> NoReturn:
    raise BrokenDocumentError(reason)

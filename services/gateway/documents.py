"""Reads the gateway's folder: every document of every YAML file, or the reason why it is refused.

A document that cannot be honoured is refused alone and by name; its neighbours, in the same file too, are not harmed.
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from services.gateway.models import POLICY_API, ROUTE_API, GatewayPolicy, HTTPRoute

_SEPARATOR: Final = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)
_MAX_FILE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Refused:
    """A document, or a part of one, that is not honoured, and why."""

    document: str
    reason: str
    kind: str = "Invalid"
    """In one word, as conditions tell it (Gateway API, PolicyConditionReason)."""


@dataclass(frozen=True)
class Documents:
    """What a source holds: routes and policies, and what was refused.

    `backends` are those that exist, ready or not, where the source knows them all; `declared` are some of them.
    """

    routes: tuple[HTTPRoute, ...] = ()
    policies: tuple[GatewayPolicy, ...] = ()
    refused: tuple[Refused, ...] = ()
    backends: frozenset[str] | None = None
    declared: frozenset[str] = frozenset()


class _Loader(yaml.SafeLoader):
    """YAML's safe subset, which also refuses a key given twice instead of taking the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


# Timestamps stay the strings they are: metadata.creationTimestamp is compared as text.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Texts:
    """The files of a folder as (name, text), and those that hold no text that could be read."""

    files: tuple[tuple[str, str], ...]
    refused: tuple[Refused, ...]


def texts(folder: Path) -> Texts:
    """What is in `folder/*.yaml` and `*.yml`. Raises OSError when the folder itself cannot be read."""
    refused: list[Refused] = []
    return Texts(tuple(_texts(folder, refused)), tuple(refused))


def understood(found: Texts) -> Documents:
    """All documents of the files."""
    documents = parse(found.files)
    return replace(documents, refused=(*found.refused, *documents.refused))


def read(folder: Path) -> Documents:
    """All documents of the folder. Raises OSError when the folder itself cannot be read."""
    return understood(texts(folder))


def parse(files: Iterable[tuple[str, str]]) -> Documents:
    """All documents of the (name, text) of files, in their order."""
    routes: dict[str, HTTPRoute] = {}
    policies: dict[str, GatewayPolicy] = {}
    refused: list[Refused] = []
    for place, text in _parts(files):
        try:
            found = _parse(text)
        except _Refusal as refusal:
            refused.append(Refused(f"{place} {refusal.name}".strip(), refusal.reason))
            continue
        if found is None:
            continue
        known: dict[str, Any] = routes if isinstance(found, HTTPRoute) else policies
        name = found.metadata.name
        if name in known:
            refused.append(Refused(f"{place} {found.kind}/{name}", "an earlier document has the same kind and name"))
        else:
            known[name] = found
    return Documents(tuple(routes.values()), tuple(policies.values()), tuple(refused))


def is_document(name: str) -> bool:
    """Whether a file of that name is read."""
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


class _Refusal(Exception):
    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


def _texts(folder: Path, refused: list[Refused]) -> Iterator[tuple[str, str]]:
    for path in sorted(path for path in folder.iterdir() if is_document(path.name)):
        try:
            with path.open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES + 1)
            if len(content) > _MAX_FILE_BYTES:
                refused.append(Refused(path.name, "the file is larger than 1 MiB"))
                continue
            text = content.decode()
        except OSError as error:
            refused.append(Refused(path.name, f"cannot be read: {error.strerror}"))
            continue
        except UnicodeDecodeError:
            refused.append(Refused(path.name, "is not UTF-8 text"))
            continue
        yield path.name, text


def _parts(files: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(place, text) of each document; the place is `file.yaml#2`, counted from 1."""
    for name, text in files:
        # Split by hand, not by the parser: after a syntax error the parser cannot find the next document.
        for position, part in enumerate(_SEPARATOR.split(text), start=1):
            yield f"{name}#{position}", part


def _parse(text: str) -> HTTPRoute | GatewayPolicy | None:
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _Refusal(f"is not YAML: {_one_line(error)}") from None
    if content is None:
        return None
    if not isinstance(content, dict):
        raise _Refusal("is not an object with apiVersion, kind, metadata and spec")
    api, kind = content.get("apiVersion"), content.get("kind")
    metadata = content.get("metadata")
    name = f"{kind}/{metadata.get('name') if isinstance(metadata, dict) else '?'}"
    try:
        if (api, kind) == (ROUTE_API, "HTTPRoute"):
            return HTTPRoute.model_validate(content)
        if (api, kind) == (POLICY_API, "GatewayPolicy"):
            return GatewayPolicy.model_validate(content)
    except ValidationError as error:
        raise _Refusal(reasons(error), name) from None
    raise _Refusal(f"only HTTPRoute of {ROUTE_API} and GatewayPolicy of {POLICY_API} are read, not {api} {kind}", name)


def reasons(error: ValidationError) -> str:
    """`spec.rules.0.filters.0.type: …; …`: at most three, so that one line tells what to mend first."""
    lines = []
    for problem in error.errors()[:3]:
        place = ".".join(str(part) for part in problem["loc"])
        unknown = problem["type"] == "extra_forbidden"
        lines.append(f"{place}: {'this field is not supported' if unknown else problem['msg']}")
    return "; ".join(lines)


def _one_line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem or 'unreadable'}, line {error.problem_mark.line + 1} of the document"
    return " ".join(str(error).split()) or type(error).__name__

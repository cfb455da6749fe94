"""Whose path is whose: a route that equals another owner's path, or lies below it, would take its requests. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

Object = Mapping[str, Any]
_SYNTAX = re.compile(r"[\\^$.|?*+()\[\]{}]")


@dataclass(frozen=True, slots=True)
class Claim:
    """A path and whose it is; of two owners the one with the smaller `age` has the older right."""

    path: str
    owner: str
    age: tuple[str, ...]


def shadowed(claim: Claim, others: Iterable[Claim]) -> Claim | None:
    """The older claim of someone else whose path is equal to the claim's or above it; None where there is none."""
    older = [each for each in others if each.owner != claim.owner and each.age < claim.age]
    return min((each for each in older if _covers(each.path, claim.path)), key=lambda each: each.age, default=None)


def of_documents(configmaps: Iterable[Object]) -> list[Claim]:
    """Claims of the platform's own routes, as in gateway-config. What cannot be read claims nothing."""
    return [claim for configmap in configmaps for claim in _of_configmap(configmap)]


def of_routes(routes: Iterable[Object]) -> list[Claim]:
    """Claims of HTTPRoute objects that are not the operator's."""
    return [claim for route in routes for claim in _of_route(route)]


def _covers(upper: str, path: str) -> bool:
    return f"{path}/".startswith(f"{upper.rstrip('/')}/")


def _of_configmap(configmap: Object) -> Iterator[Claim]:
    for text in (configmap.get("data") or {}).values():
        try:
            documents: Sequence[Any] = list(yaml.safe_load_all(text))
        except (yaml.YAMLError, ValueError, RecursionError):
            continue  # the gateway refuses it, and says so
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == "HTTPRoute":
                yield from _of_route(document)


def _of_route(route: Object) -> Iterator[Claim]:
    try:
        name = str(route["metadata"]["name"])
        rules: list[Any] = route["spec"]["rules"]
        for rule in rules:
            for match in rule.get("matches") or [{}]:
                path = match.get("path") or {}
                literal = _literal(path.get("type", "PathPrefix"), path.get("value", "/"))
                if literal != "/":  # what takes everything takes only what nobody else has
                    yield Claim(literal, f"the platform's route {name}", ())
    except (KeyError, TypeError, AttributeError):
        return


def _literal(kind: str, value: str) -> str:
    """The part of a path that is fixed: of an expression the whole segments in front of its first operator."""
    if kind != "RegularExpression" or (operator := _SYNTAX.search(value)) is None:
        return value
    return value[: operator.start()].rpartition("/")[0] or "/"

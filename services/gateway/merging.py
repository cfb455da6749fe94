"""Pure: the services' parts in, the platform's OpenAPI document out.

It tells what the gateway really does: an operation that no route leads to is left out, and the rate limits are those of
the routes.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from services.chassis.http.openapi import API_VERSION, VERSION
from services.gateway.parts import Part
from services.gateway.policies import Limit
from services.gateway.routes import Forward, RouteTable
from services.gateway.routes import Route as Line

Json = dict[str, Any]

LIMITS: Final = "x-rate-limits"
_METHODS: Final = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_IN_PATH: Final = re.compile(r"\{[^}]*\}")
# Schemes are named by requirements, not by references; the platform has one.
_SHARED: Final = "securitySchemes"

DESCRIPTION: Final = (Path(__file__).parent / "docs" / "description.md").read_text(encoding="utf-8").strip()


def merge(parts: Mapping[str, Part], table: RouteTable, *, limits: bool = True) -> Json:
    """The document of all operations that `table` sends to the service that describes them."""
    components: dict[str, Json] = {}
    paths: dict[str, Json] = {}
    tags: list[Json] = []
    for name, part in sorted(parts.items()):
        reached = dict(_reached(name, part, table, limits=limits))
        if not reached:
            continue
        tags += [tag for tag in part.tags if tag not in tags]
        renamed = _add_components(components, name, part)
        for path, item in reached.items():
            paths.setdefault(path, {}).update(_referring(item, renamed))
    document: Json = {
        "openapi": VERSION,
        "info": {"title": "Mercato", "version": API_VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": components,
    }
    return (
        {**document, LIMITS: [limit_document(limit) for limit in table.backend_policy.limits]} if limits else document
    )


def limit_document(limit: Limit) -> Json:
    """A rate limit as the gateway shows one."""
    rule = limit.rule
    return {
        "name": limit.name,
        "per": rule.per,
        "requests": rule.requests,
        "interval_seconds": rule.interval,
        "burst": rule.burst or rule.requests,
    }


def line_of(table: RouteTable, method: str, path: str) -> Line | None:
    """The line that decides a request without special headers or parameters; `path` may have `{names}`."""
    sample = _IN_PATH.sub("0", path)
    for line in table.routes:
        match = line.match
        if match.headers or match.query_params or match.method not in {None, method.upper()}:
            continue
        if match.path.covers(sample):
            return line
    return None


def _reached(name: str, part: Part, table: RouteTable, *, limits: bool) -> Iterable[tuple[str, Json]]:
    for path, item in part.paths.items():
        kept = {key: value for key, value in item.items() if key not in _METHODS}
        operations: Json = {}
        for method in item.keys() & _METHODS:
            line = line_of(table, method, path)
            if line and isinstance(line.action, Forward) and name in {ref.name for ref in line.action.backends}:
                own = [limit_document(limit) for limit in line.policy.limits]
                operations[method] = {**item[method], **({LIMITS: own} if own and limits else {})}
        if operations:
            yield path, {**kept, **{method: operations[method] for method in item if method in operations}}


def _add_components(components: dict[str, Json], name: str, part: Part) -> dict[str, str]:
    """The references that must change because another service means something else by the name."""
    renamed: dict[str, str] = {}
    for section, entries in part.components.items():
        taken = components.get(section, {})
        renamed |= {
            f"#/components/{section}/{key}": f"#/components/{section}/{name}-{key}"
            for key, value in entries.items()
            if section != _SHARED and taken.get(key, value) != value
        }
    for section, entries in part.components.items():
        merged = components.setdefault(section, {})
        for key, value in entries.items():
            new = renamed.get(f"#/components/{section}/{key}", key).rpartition("/")[2]
            merged.setdefault(new, _referring(value, renamed))
    return renamed


def _referring(value: Any, renamed: Mapping[str, str]) -> Any:
    if not renamed:
        return value
    if isinstance(value, Mapping):
        return {
            key: renamed.get(each, each) if key == "$ref" and isinstance(each, str) else _referring(each, renamed)
            for key, each in value.items()
        }
    return [_referring(each, renamed) for each in value] if isinstance(value, list) else value

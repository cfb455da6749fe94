"""Pure: documents and backends in, the ordered route table out, with what was refused on the way.

The order is Gateway API's precedence: Exact path, regular expression, longest prefix, method, most headers, most query
parameters, oldest route, name, first rule (https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule).
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from itertools import chain

from services.gateway.documents import Documents, Refused
from services.gateway.models import BackendRef, HeaderChanges, HTTPRoute, PathMatch, RouteMatch, Rule, Timeouts
from services.gateway.policies import BackendPolicy, Policies, RulePolicy


@dataclass(frozen=True)
class Forward:
    """Send the request to one of the backends, by weight.

    `own_limits`: the rule itself limits the time, and what exceeds it is a 504 in every case, as Gateway API asks.
    """

    backends: tuple[BackendRef, ...]
    backend_timeout: float | None = None
    own_limits: bool = False


@dataclass(frozen=True)
class Answer:
    """Answer at once, without a backend."""

    status: int
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """One line of the table; the first that matches a request decides."""

    name: str
    match: RouteMatch
    policy: RulePolicy
    action: Forward | Answer
    request_headers: tuple[HeaderChanges, ...] = ()
    response_headers: tuple[HeaderChanges, ...] = ()


@dataclass(frozen=True)
class RouteTable:
    """All lines in order, the backends they name, and what holds for all backends."""

    routes: tuple[Route, ...]
    backends: tuple[str, ...]
    backend_policy: BackendPolicy
    refused: tuple[Refused, ...]


def build(documents: Documents, known: Set[str], gateway: str) -> RouteTable:
    """The table of the Gateway named `gateway`; `known` are the names of the backends that exist, ready or not."""
    refused = list(documents.refused)
    mine = [route for route in documents.routes if _belongs(route, gateway, refused)]
    policies = Policies(Documents(tuple(mine), documents.policies), gateway)
    entries = sorted(
        chain.from_iterable(_entries(route, policies, known, refused) for route in mine),
        key=lambda entry: _precedence(entry[0].match, entry[1]),
    )
    routes = _without_shadowed([route for route, _ in entries])
    names = {
        backend.name
        for route in routes
        if isinstance(route.action, Forward)
        for backend in route.action.backends
        if backend.name in known
    }
    return RouteTable(
        routes=(*routes, *_method_not_allowed(routes)),
        backends=tuple(sorted(names)),
        backend_policy=policies.of_backends(),
        refused=(*refused, *policies.refused),
    )


def _belongs(route: HTTPRoute, gateway: str, refused: list[Refused]) -> bool:
    if any(parent.name == gateway for parent in route.spec.parent_refs):
        return True
    names = ", ".join(parent.name for parent in route.spec.parent_refs)
    refused.append(Refused(f"HTTPRoute/{route.metadata.name}", f"its Gateway is {names}, and this one is {gateway}"))
    return False


def _entries(
    document: HTTPRoute, policies: Policies, known: Set[str], refused: list[Refused]
) -> Iterator[tuple[Route, tuple[str, str, int]]]:
    name = document.metadata.name
    for position, rule in enumerate(document.spec.rules):
        full_name = f"{name}/{rule.name or position}"
        age = (document.metadata.creation_timestamp, name, position)
        policy = policies.of_rule(name, rule.name)
        if rule.timeouts.request is not None:
            policy = replace(policy, timeout=rule.timeouts.request)
        action = _action(full_name, rule, known, refused)
        for match in rule.matches:
            yield (
                Route(
                    name=full_name,
                    match=match,
                    policy=policy,
                    action=action,
                    request_headers=tuple(f.request_header_modifier for f in rule.filters if f.request_header_modifier),
                    response_headers=tuple(
                        f.response_header_modifier for f in rule.filters if f.response_header_modifier
                    ),
                ),
                age,
            )


def _action(name: str, rule: Rule, known: Set[str], refused: list[Refused]) -> Forward | Answer:
    for backend in rule.backend_refs:
        if backend.name not in known:
            refused.append(Refused(f"HTTPRoute/{name}", f"there is no backend named {backend.name}: answers 500"))
    usable = [backend for backend in rule.backend_refs if backend.name in known and backend.weight > 0]
    if not usable:
        if not rule.backend_refs:
            refused.append(Refused(f"HTTPRoute/{name}", "names no backend: answers 500"))
        return Answer(500)
    # Unknown backends keep their share of the requests, which is answered with 500, as Gateway API asks.
    backends = tuple(backend for backend in rule.backend_refs if backend.weight > 0)
    limits = rule.timeouts
    return Forward(backends, limits.backend_request, limits != Timeouts())


def _precedence(match: RouteMatch, age: tuple[str, str, int]) -> tuple[object, ...]:
    kind = ("Exact", "RegularExpression", "PathPrefix").index(match.path.type)
    return (
        kind,
        -len(match.path.value),
        match.path.value,
        match.method is None,
        -len(match.headers),
        -len(match.query_params),
        *age,
    )


def _without_shadowed(routes: list[Route]) -> list[Route]:
    """Leaves out a line whose match is the same as an earlier one's: it could never decide."""
    kept: dict[str, Route] = {}
    for route in routes:
        kept.setdefault(route.match.model_dump_json(), route)
    return list(kept.values())


def _method_not_allowed(routes: list[Route]) -> Iterator[Route]:
    """A 405 for each path whose policy asks for it, behind all other lines: it takes what no method has taken."""
    for path in _paths(routes):
        same = [route for route in routes if route.match.path == path]
        if not all(route.policy.method_not_allowed for route in same):
            continue
        accepting = [r for r in routes if r in same or (path.type == "Exact" and r.match.path.covers(path.value))]
        if any(route.match.method is None for route in accepting):
            continue
        allow = tuple(sorted({route.match.method for route in accepting if route.match.method}))
        yield Route(
            name=f"method-not-allowed {path.value}",
            match=RouteMatch(path=path),
            policy=RulePolicy(token_required=False),
            action=Answer(405, allow),
        )


def _paths(routes: list[Route]) -> list[PathMatch]:
    paths: list[PathMatch] = []
    for route in routes:
        if route.match.path not in paths:
            paths.append(route.match.path)
    return paths

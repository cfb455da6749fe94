"""RDS: the route table as one Envoy route configuration."""

import re
from collections.abc import Iterator
from typing import Final

from services.chassis.http import problems
from services.gateway.envoy import bodies, rate_limits
from services.gateway.envoy.local_replies import REPEATABLE, trace_header
from services.gateway.envoy.options import JWT_REQUIREMENT, SUBJECT_HEADER, EnvoyOptions, Resource, duration, typed
from services.gateway.models import HeaderChanges, HeaderMatch, PathMatch, RouteMatch
from services.gateway.routes import Answer, Forward, Route, RouteTable

ROUTES_NAME: Final = "mercato"
WITH_KEYS_FILE: Final = "routes/routes.json"
WITHOUT_KEYS_FILE: Final = "routes/without-keys.json"
TOKEN_FILTER: Final = "envoy.filters.http.jwt_authn"  # noqa: S105 - a name
_IDEMPOTENT: Final = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_KEY: Final = {"name": "idempotency-key", "present_match": True}
_IDEMPOTENT_METHOD: Final = {
    "name": ":method",
    "string_match": {"safe_regex": {"regex": "|".join(sorted(_IDEMPOTENT))}},
}


def routes_file(options: EnvoyOptions) -> str:
    """The file of the routes that a listener with these options follows.

    When the first key arrives, connections stay on the listener without keys while it drains. Routes that ask for a
    token would refuse every request there: it knows no such check, and keeps the routes of its own time.
    """
    return WITHOUT_KEYS_FILE if options.jwks is None else WITH_KEYS_FILE


def route_configuration(table: RouteTable, options: EnvoyOptions) -> Resource:
    """The one `RouteConfiguration`; a request no line matches is a 404 of the last line."""
    lines = [line for route in table.routes for line in _lines(route, options)]
    not_found = {"name": "not-found", "match": {"prefix": "/"}, "direct_response": {"status": 404}}
    lines.append({**not_found, "typed_per_filter_config": bodies.rules(None)})
    host: Resource = {
        "name": "mercato",
        "domains": ["*"],
        "matcher": bodies.by_body(lines),
        "response_headers_to_add": [trace_header()],
        "response_headers_to_remove": [problems.OVERLOADED],
    }
    if options.rate_limits:
        by_line = (limit for route in table.routes for limit in route.policy.limits)
        host["typed_per_filter_config"] = rate_limits.filter_configs(table.backend_policy.limits, by_line)
    return typed(
        "config.route.v3.RouteConfiguration",
        name=ROUTES_NAME,
        virtual_hosts=[host],
        # Whom the token names is for the gateway's limits alone: services verify the token themselves.
        request_headers_to_remove=[SUBJECT_HEADER, bodies.CHUNKED_NOTE],
        validate_clusters=False,
    )


def _lines(route: Route, options: EnvoyOptions) -> Iterator[Resource]:
    """A line of the table; more where the method or an idempotency key decides whether a request may be repeated."""
    line = _line(route, options)
    if not isinstance(route.action, Forward) or "route" not in line:
        yield line
        return
    if route.match.method in _IDEMPOTENT:
        yield _repeatable(line, route.action)
        return
    for condition in (_KEY, _IDEMPOTENT_METHOD) if route.match.method is None else (_KEY,):
        narrowed = {**line["match"], "headers": [*line["match"].get("headers", []), condition]}
        yield _repeatable({**line, "match": narrowed}, route.action)
    once = {**line["route"], "retry_policy": _retry_policy(route, idempotent=False)}
    yield {**line, "route": once} if route.policy.retries else line


def _repeatable(line: Resource, forward: Forward) -> Resource:
    """Notes on the request that it may be repeated, for the answer of a gateway that waited in vain."""
    if forward.own_limits:
        return line
    note = {"header": {"key": REPEATABLE, "value": "true"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    return {**line, "request_headers_to_add": [*line.get("request_headers_to_add", []), note]}


def _line(route: Route, options: EnvoyOptions) -> Resource:
    # Without a key no token can be told from a forged one: the path is not open, and not ready.
    unready = route.policy.token_required and options.jwks is None
    served = route.policy if isinstance(route.action, Forward) and not unready else None
    line: Resource = {
        "name": route.name,
        "match": _match(route.match),
        "decorator": {"operation": _operation(route), "propagate": False},
        "metadata": {"filter_metadata": {**rate_limits.named(route.policy.limits), **bodies.reading_rule(served)}},
    }
    per_filter = line["typed_per_filter_config"] = bodies.rules(served)
    if unready:
        return {**line, "direct_response": {"status": 503}}
    if route.policy.token_required:
        check = "extensions.filters.http.jwt_authn.v3.PerRouteConfig"
        per_filter[TOKEN_FILTER] = typed(check, requirement_name=JWT_REQUIREMENT)
        per_filter[bodies.REFUSAL_FILTER] = bodies.scheme_rule()
    if isinstance(route.action, Answer):
        line["direct_response"] = {"status": route.action.status}
        if route.action.allow:
            allow = {"header": {"key": "allow", "value": ", ".join(route.action.allow)}}
            line["response_headers_to_add"] = [allow]
        return line
    line["route"] = _action(route, route.action)
    line |= _header_changes(route)
    return line


def _action(route: Route, forward: Forward) -> Resource:
    action: Resource = {
        "timeout": duration(route.policy.timeout),
        "cluster_not_found_response_code": "INTERNAL_SERVER_ERROR",
    }
    if len(forward.backends) == 1:
        action["cluster"] = forward.backends[0].name
    else:
        clusters = [{"name": backend.name, "weight": backend.weight} for backend in forward.backends]
        action["weighted_clusters"] = {"clusters": clusters}
    if route.policy.retries:
        action["retry_policy"] = _retry_policy(route, idempotent=True)
    return action


def _retry_policy(route: Route, *, idempotent: bool) -> Resource:
    """Without idempotency only what has certainly not reached the service is sent again."""
    policy: Resource = {
        "retry_on": "connect-failure,refused-stream",
        "num_retries": route.policy.retries,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": typed("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
            }
        ],
        # Of two endpoints each choice may meet the failed one again: so many times in a row it hardly does.
        "host_selection_retry_max_attempts": 10,
    }
    if idempotent:
        policy["retry_on"] += ",reset,retriable-status-codes"
        policy["retriable_status_codes"] = [503]
    if isinstance(route.action, Forward) and route.action.backend_timeout is not None:
        policy["per_try_timeout"] = duration(route.action.backend_timeout)
    return policy


def _match(match: RouteMatch) -> Resource:
    headers = [_header_match(header) for header in match.headers]
    if match.method is not None:
        headers.append({"name": ":method", "string_match": {"exact": match.method}})
    found = _path(match.path)
    if headers:
        found["headers"] = headers
    if match.query_params:
        found["query_parameters"] = [_header_match(parameter) for parameter in match.query_params]
    return found


def _path(path: PathMatch) -> Resource:
    if path.type == "Exact":
        return {"path": path.value}
    if path.type == "RegularExpression":
        return {"safe_regex": {"regex": path.value}}
    if path.value == "/":
        return {"prefix": "/"}
    return {"path_separated_prefix": path.value.rstrip("/")}


def _header_match(match: HeaderMatch) -> Resource:
    if match.type == "Exact":
        return {"name": match.name, "string_match": {"exact": match.value}}
    return {"name": match.name, "string_match": {"safe_regex": {"regex": match.value}}}


def _operation(route: Route) -> str:
    """Name of the span: the route's template, never the path with its ids."""
    template = re.sub(r"\[\^/\][+*]", "{id}", route.match.path.value)
    return f"{route.match.method or 'ANY'} {template}"


def _header_changes(route: Route) -> Resource:
    changes: Resource = {}
    for side, modifiers in (("request", route.request_headers), ("response", route.response_headers)):
        added = [option for modifier in modifiers for option in _settings(modifier)]
        removed = [name for modifier in modifiers for name in modifier.remove]
        if added:
            changes[f"{side}_headers_to_add"] = added
        if removed:
            changes[f"{side}_headers_to_remove"] = removed
    return changes


def _settings(changes: HeaderChanges) -> Iterator[Resource]:
    for settings, action in ((changes.set, "OVERWRITE_IF_EXISTS_OR_ADD"), (changes.add, "APPEND_IF_EXISTS_OR_ADD")):
        for setting in settings:
            value = setting.value.replace("%", "%%")
            yield {"header": {"key": setting.name, "value": value}, "append_action": action}

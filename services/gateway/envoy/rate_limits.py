"""Limits per client by Envoy's local rate limit filter, with a bucket made for each client when it first comes.

All buckets live in the two filters' configuration of the virtual host, not in the routes': what a policy limits is
counted once, however many lines of Envoy's table its rules become. A line names the limits that hold for it in its
metadata. The filter for addresses stands before the token check and that for subjects behind it.
"""

import math
from collections.abc import Iterable
from typing import Final

from services.gateway.envoy.options import SUBJECT_HEADER, Resource, duration, typed
from services.gateway.policies import Limit

ADDRESS_FILTER: Final = "mercato.address_limits"
SUBJECT_FILTER: Final = "mercato.subject_limits"
_FILTERS: Final = {"Address": ADDRESS_FILTER, "Subject": SUBJECT_FILTER}
_METADATA: Final = "mercato.limits"
_CLIENTS: Final = 20_000
"""Buckets kept per limit; beyond, the one unused for longest is forgotten."""
_KIND: Final = "extensions.filters.http.local_ratelimit.v3.LocalRateLimit"


def named(limits: Iterable[Limit]) -> Resource:
    """The part of a line's metadata that names the limits of its own."""
    return {_METADATA: {limit.name: limit.name for limit in limits}}


def empty_filter(name: str) -> Resource:
    """The filter in the listener, which limits nothing by itself."""
    return {"name": name, "typed_config": typed(_KIND, stat_prefix=_prefix(name))}


def filter_configs(everywhere: Iterable[Limit], by_line: Iterable[Limit]) -> Resource:
    """`typed_per_filter_config` of the virtual host: the buckets of all policies.

    `everywhere` holds for every request, `by_line` for those whose line names it.
    """
    limits = {limit.name: (limit, _by_name(limit)) for limit in everywhere}
    limits |= {limit.name: (limit, _by_metadata(limit)) for limit in by_line}
    configs = {}
    for per, name in _FILTERS.items():
        of_kind = [(limit, action) for limit, action in limits.values() if limit.rule.per == per]
        if of_kind:
            configs[name] = _filter_config(name, of_kind)
    return configs


def _filter_config(name: str, limits: list[tuple[Limit, Resource]]) -> Resource:
    wait = max(math.ceil(limit.rule.interval / limit.rule.requests) for limit, _ in limits)
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return typed(
        _KIND,
        stat_prefix=_prefix(name),
        filter_enabled=always,
        filter_enforced=always,
        max_dynamic_descriptors=_CLIENTS,
        # Required, and without meaning here: what limits is the client's own bucket.
        token_bucket={"max_tokens": 2**31, "tokens_per_fill": 2**31, "fill_interval": "1s"},
        always_consume_default_token_bucket=False,
        descriptors=[_descriptor(limit) for limit, _ in limits],
        rate_limits=[{"actions": [action, _client(limit)]} for limit, action in limits],
        response_headers_to_add=[
            {"header": {"key": "retry-after", "value": str(wait)}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ],
    )


def _descriptor(limit: Limit) -> Resource:
    client = "remote_address" if limit.rule.per == "Address" else "subject"
    return {
        "entries": [{"key": "limit", "value": limit.name}, {"key": client}],
        "token_bucket": {
            "max_tokens": limit.rule.burst or limit.rule.requests,
            "tokens_per_fill": limit.rule.requests,
            "fill_interval": duration(limit.rule.interval),
        },
    }


def _by_name(limit: Limit) -> Resource:
    return {"generic_key": {"descriptor_key": "limit", "descriptor_value": limit.name}}


def _by_metadata(limit: Limit) -> Resource:
    key = {"key": _METADATA, "path": [{"key": limit.name}]}
    return {"metadata": {"descriptor_key": "limit", "metadata_key": key, "source": "ROUTE_ENTRY"}}


def _client(limit: Limit) -> Resource:
    if limit.rule.per == "Address":
        return {"remote_address": {}}
    return {"request_headers": {"header_name": SUBJECT_HEADER, "descriptor_key": "subject"}}


def _prefix(name: str) -> str:
    return name.replace(".", "_")

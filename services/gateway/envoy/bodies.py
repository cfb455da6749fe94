"""Bodies: bounded, and read to their end before the gateway refuses anything.

Envoy resets a connection on which it answers while the client still writes. The client then sees no answer, and a
tunnel such as `kubectl port-forward` breaks. So whatever may refuse a request stands behind the buffer, and a body that
the buffer must not have is thrown away as it comes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.gateway.envoy.options import SUBJECT_HEADER, Resource, typed
from services.gateway.policies import RulePolicy

CALLER_FILTER: Final = "mercato.caller"
CALLER_REQUIREMENT: Final = "caller"
READING_FILTER: Final = "mercato.reading"
BUFFER_FILTER: Final = "mercato.buffer"
REFUSAL_FILTER: Final = "mercato.refusals"
DISCARDED: Final = 128 * 1024 * 1024
"""Bytes beyond the limit that are read and thrown away; who sends more is cut."""
CHUNKED_NOTE: Final = "x-mercato-chunked"
"""Transfer-Encoding, which the filters do not see any more."""
TOO_LARGE: Final = {"filter": READING_FILTER, "path": [{"key": "too_large"}], "value": {"bool_match": True}}
_UNASKED: Final = {"disabled": True}
"""Not there on a line that has nothing for it."""
_SMALL: Final = 1_000_000
"""Bytes; a shorter body may be buffered whoever sends it."""
_MEBIBYTE: Final = 1024 * 1024
_LUA: Final = "extensions.filters.http.lua.v3"
_READ: Final = typed(f"{_LUA}.LuaPerRoute", filter_context={})
_FILTERS: Final = "typed_per_filter_config"
_BUFFER: Final = "extensions.filters.http.buffer.v3"
_RBAC: Final = "extensions.filters.http.rbac.v3"
_SCRIPT: Final = (
    (Path(__file__).parent / "reading.lua")
    .read_text(encoding="utf-8")
    .replace("{{discarded}}", str(DISCARDED))
    .replace("{{filter}}", READING_FILTER)
    .replace("{{subject}}", SUBJECT_HEADER)
    .replace("{{chunked}}", CHUNKED_NOTE)
)


def chunked_note() -> Resource:
    """Among the first changes of a request's headers."""
    header = {"key": CHUNKED_NOTE, "value": "%REQ(TRANSFER-ENCODING)%"}
    return {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}


def reading_filter() -> Resource:
    """Throws away the bodies of what will be refused, on the lines that say so."""
    script = typed(f"{_LUA}.Lua", default_source_code={"inline_string": _SCRIPT})
    return {"name": READING_FILTER, "typed_config": script} | _UNASKED


def buffer_filter() -> Resource:
    """Holds a request back until its body is there, on the lines that say so."""
    return {"name": BUFFER_FILTER, "typed_config": typed(f"{_BUFFER}.Buffer", max_request_bytes=_MEBIBYTE)} | _UNASKED


def caller_filter(token_check: Resource) -> Resource:
    """Finds out who sends a body, on the lines that say so; it refuses nothing."""
    return {"name": CALLER_FILTER, "typed_config": token_check} | _UNASKED


def reading_rule(policy: RulePolicy | None) -> Resource:
    """The part of a line's metadata that the filter goes by; None where no body is of use."""
    if policy is None:
        return {}
    return {READING_FILTER: {"limit": policy.max_request_body, "caller": _needs_caller(policy)}}


def rules(policy: RulePolicy | None) -> Resource:
    """`typed_per_filter_config` of a line: its limit. None where no body is of use."""
    limit = policy.max_request_body if policy else _MEBIBYTE
    found = {BUFFER_FILTER: typed(f"{_BUFFER}.BufferPerRoute", buffer={"max_request_bytes": limit})}
    if limit < _SMALL:
        found |= _thrown_away(found)
    if policy and _needs_caller(policy):
        check = "extensions.filters.http.jwt_authn.v3.PerRouteConfig"
        found[CALLER_FILTER] = typed(check, requirement_name=CALLER_REQUIREMENT)
    return found


def _needs_caller(policy: RulePolicy) -> bool:
    return policy.token_required and policy.max_request_body > _MEBIBYTE


def by_body(lines: Sequence[Resource]) -> Resource:
    """`matcher` of the virtual host: the lines as they are, or as a body needs them that may be large or waits.

    What waits for a 100 is not buffered: its service says that, or it is refused before its body. It has a length,
    which the script has compared with the limit.
    """
    read = [{**line, _FILTERS: _thrown_away(line[_FILTERS])} for line in lines]
    unbuffered = [
        {**line, _FILTERS: {name: config for name, config in line[_FILTERS].items() if name != BUFFER_FILTER}}
        for line in read
    ]
    waiting = _header("expect", {"exact": "100-continue", "ignore_case": True})
    length = _header("content-length", {"safe_regex": {"google_re2": {}, "regex": f"[0-9]{{{len(str(_SMALL))},}}"}})
    endless = _header(CHUNKED_NOTE, {"exact": "chunked", "ignore_case": True})
    matchers = [
        {"predicate": waiting, "on_match": _to(unbuffered)},
        {"predicate": {"or_matcher": {"predicate": [length, endless]}}, "on_match": _to(read)},
    ]
    return {"matcher_list": {"matchers": matchers}, "on_no_match": _to(lines)}


def _thrown_away(filters: Resource) -> Resource:
    """The filters of a line, with the script and, if there is none yet, the refusal behind it."""
    return {REFUSAL_FILTER: _refusal({"any": True}), **filters, READING_FILTER: _READ}


def _to(lines: Sequence[Resource]) -> Resource:
    return {"action": {"name": "lines", "typed_config": typed("config.route.v3.RouteList", routes=list(lines))}}


def _header(name: str, value: Resource) -> Resource:
    kind = "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
    found = {"name": name, "typed_config": {"@type": kind, "header_name": name}}
    return {"single_predicate": {"input": found, "value_match": value}}


def refusal_filter() -> Resource:
    """Refuses, with a 403 that the local replies turn into what is meant, on the lines that say so."""
    return {"name": REFUSAL_FILTER, "typed_config": typed(f"{_RBAC}.RBAC")} | _UNASKED


def scheme_rule() -> Resource:
    """The refusal of a line that needs a token: the check before it takes anything for a scheme."""
    scheme = {"name": "authorization", "string_match": {"prefix": "bearer ", "ignore_case": True}}
    return _refusal({"header": scheme})


def _refusal(principal: Resource) -> Resource:
    """Refuses what was thrown away, and whoever is not `principal`."""
    too_large = {"sourced_metadata": {"metadata_matcher": TOO_LARGE, "metadata_source": "DYNAMIC"}}
    fits = {"permissions": [{"not_rule": too_large}], "principals": [principal]}
    return typed(f"{_RBAC}.RBACPerRoute", rbac={"rules": {"action": "ALLOW", "policies": {"fits": fits}}})

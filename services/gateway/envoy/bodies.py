"""Bodies: bounded, and read to their end before the gateway refuses anything.

Envoy resets a connection on which it answers while the client still writes. The client then sees no answer, and a
tunnel such as `kubectl port-forward` breaks. So limits and token check only note what is wrong with a request, its body
is thrown away as it comes or buffered, and the refusal stands behind that.
"""

from pathlib import Path
from typing import Final

from services.gateway.envoy.options import SUBJECT_HEADER, WAIT_HEADER, Resource, typed
from services.gateway.policies import RulePolicy

READING_FILTER: Final = "mercato.reading"
BUFFER_FILTER: Final = "mercato.buffer"
REFUSAL_FILTER: Final = "mercato.refusals"
DISCARDED: Final = 128 * 1024 * 1024
"""Bytes beyond the limit that are read and thrown away; who sends more is cut."""
CHUNKED_NOTE: Final = "x-mercato-chunked"
"""Transfer-Encoding, which the filters do not see any more."""
TOO_LARGE: Final = {"filter": READING_FILTER, "path": [{"key": "too_large"}], "value": {"bool_match": True}}
_SMALL: Final = 6
"""Digits of the length of a body that may be buffered whoever sends it."""
_MEBIBYTE: Final = 1024 * 1024
_RBAC: Final = "extensions.filters.http.rbac.v3"
_SCRIPT: Final = (
    (Path(__file__).parent / "reading.lua")
    .read_text(encoding="utf-8")
    .replace("{{discarded}}", str(DISCARDED))
    .replace("{{filter}}", READING_FILTER)
    .replace("{{subject}}", SUBJECT_HEADER)
    .replace("{{wait}}", WAIT_HEADER)
)


def chunked_note() -> Resource:
    """Among the first changes of a request's headers."""
    header = {"key": CHUNKED_NOTE, "value": "%REQ(TRANSFER-ENCODING)%"}
    return {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}


def reading_filter() -> Resource:
    """Throws away the bodies of what will be refused, where they are not so small that the buffer may have them."""
    kind = "extensions.filters.http.lua.v3.Lua"
    script = typed(kind, default_source_code={"inline_string": _SCRIPT})
    return _unless(READING_FILTER, script, {"not_matcher": _may_be_large(_SMALL)})


def buffer_filter() -> Resource:
    """Holds a request back until its body is there, but not one that waits for a 100: its service says that.

    What waits for a 100 has a length, which the filter before has compared with the limit. A CONNECT has no end.
    """
    buffer = typed("extensions.filters.http.buffer.v3.Buffer", max_request_bytes=_MEBIBYTE)
    waiting = _header("expect", {"exact": "100-continue", "ignore_case": True})
    unending = _header(":method", {"exact": "CONNECT"})
    return _unless(BUFFER_FILTER, buffer, {"or_matcher": {"predicate": [waiting, unending]}})


def reading_rule(policy: RulePolicy | None) -> Resource:
    """The part of a line's metadata that the filter goes by; None where no body is of use."""
    if policy is None:
        return {}
    return {READING_FILTER: {"limit": policy.max_request_body, "token": policy.token_required}}


def rules(policy: RulePolicy) -> Resource:
    """`typed_per_filter_config` of a line: its limit."""
    buffer = {"max_request_bytes": policy.max_request_body}
    found = {BUFFER_FILTER: typed("extensions.filters.http.buffer.v3.BufferPerRoute", buffer=buffer)}
    digits = len(str(policy.max_request_body)) - 1
    if digits < _SMALL:
        matcher = _skip_if({"not_matcher": _may_be_large(digits)})
        found[READING_FILTER] = typed("extensions.common.matching.v3.ExtensionWithMatcherPerRoute", xds_matcher=matcher)
    return found


def _may_be_large(digits: int) -> Resource:
    """A body whose length is not told, or has more than so many digits."""
    length = _header("content-length", {"safe_regex": {"google_re2": {}, "regex": f"[0-9]{{{digits + 1},}}"}})
    return {"or_matcher": {"predicate": [length, _header(CHUNKED_NOTE, {"exact": "chunked", "ignore_case": True})]}}


def _header(name: str, value: Resource) -> Resource:
    kind = "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
    found = {"name": name, "typed_config": {"@type": kind, "header_name": name}}
    return {"single_predicate": {"input": found, "value_match": value}}


def _skip_if(predicate: Resource) -> Resource:
    kind = "extensions.filters.common.matcher.action.v3.SkipFilter"
    skip = {"action": {"name": "skip", "typed_config": typed(kind)}}
    return {"matcher_list": {"matchers": [{"predicate": predicate, "on_match": skip}]}}


def _unless(name: str, config: Resource, predicate: Resource) -> Resource:
    """The filter, which is not there for requests that the predicate fits."""
    delegated = {"name": name, "typed_config": config}
    kind = "extensions.common.matching.v3.ExtensionWithMatcher"
    return {"name": name, "typed_config": typed(kind, extension_config=delegated, xds_matcher=_skip_if(predicate))}


def refusal_filter() -> Resource:
    """Refuses, with a 403 that the local replies turn into what is meant, whatever was found wrong before."""
    return {"name": REFUSAL_FILTER, "typed_config": typed(f"{_RBAC}.RBAC", rules=_rules(token=False))}


def token_refusal_rule() -> Resource:
    """`typed_per_filter_config` of a line that needs a token: the check before must have found its subject."""
    return typed(f"{_RBAC}.RBACPerRoute", rbac={"rules": _rules(token=True)})


def _rules(*, token: bool) -> Resource:
    too_large = {"sourced_metadata": {"metadata_matcher": TOO_LARGE, "metadata_source": "DYNAMIC"}}
    wrong = [{"header": {"name": WAIT_HEADER, "present_match": True}}, too_large]
    permission = {"not_rule": {"or_rules": {"rules": wrong}}}
    principal: Resource = {"any": True}
    if token:
        # The check takes whatever stands before the token for the scheme.
        scheme = {"name": "authorization", "string_match": {"prefix": "bearer ", "ignore_case": True}}
        subject = {"name": SUBJECT_HEADER, "present_match": True}
        principal = {"and_ids": {"ids": [{"header": subject}, {"header": scheme}]}}
    return {"action": "ALLOW", "policies": {"fit": {"permissions": [permission], "principals": [principal]}}}

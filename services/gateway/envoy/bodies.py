"""Bodies: bounded, and read to their end before the gateway refuses anything.

Envoy resets a connection on which it answers while the client still writes. The client then sees no answer, and a tunnel
such as `kubectl port-forward` breaks. So what is wrong with a request is noted first (by the limits, by the token check),
its body is thrown away as it comes or buffered, and the refusal stands behind that.
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
TOO_LARGE: Final = {"filter": READING_FILTER, "path": [{"key": "too_large"}], "value": {"bool_match": True}}
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


def reading_filter() -> Resource:
    """Throws away the bodies of what will be refused."""
    kind = "extensions.filters.http.lua.v3.Lua"
    return {"name": READING_FILTER, "typed_config": typed(kind, default_source_code={"inline_string": _SCRIPT})}


def reading_rule(policy: RulePolicy | None) -> Resource:
    """The part of a line's metadata that the filter goes by; None where no body is of use."""
    if policy is None:
        return {}
    return {READING_FILTER: {"limit": policy.max_request_body, "token": policy.token_required}}


def buffer_filter() -> Resource:
    """Holds a request back until its body is there, but not one that waits for a 100: its service says that.

    What waits for a 100 has a length, which the filter before has compared with the limit.
    """
    buffer = typed("extensions.filters.http.buffer.v3.Buffer", max_request_bytes=_MEBIBYTE)
    expects = {
        "input": {
            "name": "expect",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
                "header_name": "expect",
            },
        },
        "value_match": {"exact": "100-continue", "ignore_case": True},
    }
    skip = {
        "name": "skip",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter"},
    }
    return {
        "name": BUFFER_FILTER,
        "typed_config": typed(
            "extensions.common.matching.v3.ExtensionWithMatcher",
            extension_config={"name": "envoy.filters.http.buffer", "typed_config": buffer},
            xds_matcher={
                "matcher_list": {
                    "matchers": [{"predicate": {"single_predicate": expects}, "on_match": {"action": skip}}]
                }
            },
        ),
    }


def buffer_rule(policy: RulePolicy) -> Resource:
    """`typed_per_filter_config` of a line for the buffer."""
    buffer = {"max_request_bytes": policy.max_request_body}
    return typed("extensions.filters.http.buffer.v3.BufferPerRoute", buffer=buffer)


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

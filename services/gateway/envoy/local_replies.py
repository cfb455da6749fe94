"""The errors that Envoy itself answers, as RFC 9457 problem details with the platform's own types."""

import json
from typing import Final

from services.chassis.http import problems
from services.gateway.envoy.bodies import TOO_LARGE
from services.gateway.envoy.options import Resource

_WAIT: Final = "Wait as many seconds as Retry-After says, then try again."
_DETAILS: Final[dict[type[problems.Problem], str]] = {
    problems.BadRequest: "The request is not valid HTTP. Check its request line and its headers.",
    problems.Unauthorized: (
        "This path needs a valid token. Get one from POST /api/v1/tokens "
        "and send it as `Authorization: Bearer <token>`."
    ),
    problems.NotFound: "There is nothing at this path. Check how it is spelled.",
    problems.MethodNotAllowed: "This path does not know that method. Those it knows are in the header Allow.",
    problems.PayloadTooLarge: "The body is larger than this path accepts. Send less at a time.",
    problems.TooManyRequests: f"Too many requests came from you. {_WAIT}",
    problems.InternalError: "The gateway has no valid backend for this path. Tell the operator the x-trace-id.",
    problems.Unavailable: f"The service behind this path is not ready. {_WAIT}",
}
# Statuses only a proxy answers: no service raises them, so they are not in the error tree.
_PROXY_ONLY: Final = (
    (408, "request-timeout", "Request timeout", "The request took too long to arrive. Send it again, faster."),
    (
        417,
        "expectation-failed",
        "Expectation failed",
        "Only a body with a Content-Length can wait for a 100. Send the request again without Expect.",
    ),
    (431, "header-too-large", "Header too large", "The headers are larger than 60 KiB. Send fewer or shorter ones."),
    (502, "bad-gateway", "Bad gateway", "The service behind this path answered something unreadable. Try again."),
    (504, "gateway-timeout", "Gateway timeout", "The service behind this path took too long. Try again."),
)
# A route notes it on what may be repeated: if the gateway then waits in vain, that is no worse than a service that is
# not ready.
REPEATABLE: Final = "x-mercato-repeatable"
_REPEAT: Final = (
    f"The service behind this path took too long, and the effect may have happened. It is safe to repeat. {_WAIT}"
)
# Envoy's own answers cannot see the trace: a filter notes its id on the request. What cannot be read as a request has
# no trace yet, and its answer is given an id of its own.
TRACE_NOTE: Final = "x-mercato-trace"
_NOTED = {"command": "REQ", "param": TRACE_NOTE}
_TRACE_OR_UNIQUE: Final = f"%COALESCE({json.dumps({'operators': [_NOTED, 'UNIQUE_ID']})})%"
_REPEATABLE_ONLY: Final = {"header_filter": {"header": {"name": REPEATABLE, "present_match": True}}}
_TOO_LARGE: Final = {"metadata_filter": {"matcher": TOO_LARGE, "match_if_key_not_found": False}}
_EXTRA_HEADERS: Final = {
    401: ("www-authenticate", "Bearer"),
    503: ("retry-after", "1"),
}


def local_reply_config() -> Resource:
    """`local_reply_config` of the connection manager; the first mapper that fits decides."""
    problem_of = {kind.status: (kind.status, kind.slug, kind.title, detail) for kind, detail in _DETAILS.items()}
    problem_of |= {status: (status, slug, title, detail) for status, slug, title, detail in _PROXY_ONLY}
    mappers = [_instead(504, (*problem_of[503][:3], _REPEAT), _REPEATABLE_ONLY)]
    # Envoy itself says 403 of a body that was thrown away, of a token for another audience, and of another scheme.
    mappers += [_instead(403, problem_of[413], _TOO_LARGE), _instead(403, problem_of[401])]
    mappers += [_mapper("EQ", status, problem, status) for status, problem in problem_of.items()]
    for least, (_, slug, title, _detail) in ((500, problem_of[500]), (400, problem_of[400])):
        mappers.append(_mapper("GE", least, (0, slug, title, "The gateway refused the request.")))
    return {"mappers": mappers}


def _instead(status: int, problem: tuple[int, str, str, str], when: Resource | None = None) -> Resource:
    """Answers `problem` where Envoy would answer `status`, and `when` fits."""
    mapper = _mapper("EQ", status, problem, problem[0]) | {"status_code": problem[0]}
    return mapper | {"filter": {"and_filter": {"filters": [mapper["filter"], when]}}} if when else mapper


def _mapper(comparison: str, compared: int, problem: tuple[int, str, str, str], status: int = 0) -> Resource:
    """For answers whose status compares so; `status` 0 leaves it as it is, and in the body too."""
    value = {"default_value": compared, "runtime_key": "mercato.local_reply"}
    code, slug, title, detail = problem
    document = {"type": problems.TYPE_PREFIX + slug, "title": title, "status": code, "detail": detail}
    text = json.dumps(document).replace("%", "%%")
    if not status:
        text = text.replace('"status": 0', '"status": %RESPONSE_CODE%')
    headers = [_header("x-trace-id", _TRACE_OR_UNIQUE)]
    if extra := _EXTRA_HEADERS.get(status):
        headers.append(_header(*extra))
    return {
        "filter": {"status_code_filter": {"comparison": {"op": comparison, "value": value}}},
        "headers_to_add": headers,
        "body_format_override": {
            "text_format_source": {"inline_string": text},
            "content_type": "application/problem+json",
        },
    }


def trace_header() -> Resource:
    """`x-trace-id`, exactly once: a value a service has set is the same trace's and is replaced."""
    return _header("x-trace-id", "%TRACE_ID%")


def _header(name: str, value: str) -> Resource:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}

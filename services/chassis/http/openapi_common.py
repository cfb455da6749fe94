"""What the operations of all services share in an OpenAPI document: errors, headers, parameters, security."""

from collections.abc import Iterator
from typing import Any, Final

from services.chassis.http import problems
from services.chassis.http.problems import TYPE_PREFIX, Problem

Json = dict[str, Any]

TRACE_ID: Final = "x-trace-id"
_TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"

HEADERS: Final[dict[str, Json]] = {
    TRACE_ID: {
        "description": "The trace of this request, in logs and spans. Give it when you ask for help.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "example": _TRACE,
    },
    "Location": {
        "description": "Where the resource is.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "01a20689-f7be-7044-90d3-8c3394b1996a",
    },
    "Idempotency-Replayed": {
        "description": "`true` when this answers a repeat: the effect is the first request's.",
        "schema": {"type": "string", "const": "true"},
    },
    "ETag": {
        "description": "The version of what is shown.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "Cache-Control": {
        "description": "How long the answer may be kept (RFC 9111).",
        "schema": {"type": "string"},
        "example": "public, max-age=300",
    },
    "Pragma": {"description": "As `Cache-Control`, for HTTP/1.0.", "schema": {"type": "string", "const": "no-cache"}},
    "Retry-After": {
        "description": "Seconds to wait before the same request is sent again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1",
    },
    "WWW-Authenticate": {"description": "RFC 6750.", "schema": {"type": "string"}, "example": "Bearer"},
}

PARAMETERS: Final[dict[str, Json]] = {
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "Items on a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "`next_cursor` of the page before, as it was given.",
        "schema": {"type": "string", "maxLength": 512, "pattern": "^[A-Za-z0-9_-]+$"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Makes a repeat safe: the same key with the same body has one effect. A UUID will do. "
        "Per caller and path, kept for 24 hours; an answer 4xx does not use it up.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "5f0c3c1e-6d0b-4c55-9d8b-0d8f1f1f7a52",
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "An `ETag` from before: 304 when nothing has changed.",
        "schema": {"type": "string"},
    },
}

SECURITY_SCHEMES: Final[dict[str, Json]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`access_token` of `POST /api/v1/tokens`; an administrator's where role `admin` is named.",
    }
}

PROBLEM: Final[Json] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Stable: what programs decide by."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "A sentence a person can act on."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "description": "One entry for each invalid field or parameter.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

MEANINGS: Final[dict[type[Problem], tuple[str, str]]] = {
    problems.BadRequest: (
        "Unreadable JSON, or a required header is missing or malformed.",
        "Send an Idempotency-Key header (a UUID will do), so that a repeat is safe.",
    ),
    problems.Unauthorized: ("No token, or not a valid one.", "The token has expired; refresh it or log in again."),
    problems.Forbidden: (
        "Only an administrator may do this.",
        "Only an administrator may do this; log in with an account that has the role admin.",
    ),
    problems.NotFound: ("There is nothing here that you may see.", "There is nothing under this id."),
    problems.Conflict: ("The state does not allow it.", "It has ended meanwhile, and can no longer be changed."),
    problems.PayloadTooLarge: ("The body is over 1 MiB.", "The body is over 1 MiB; send less at once."),
    problems.UnsupportedMediaType: (
        "The body is not JSON in UTF-8, or is encoded (`Content-Encoding`).",
        "Send the body as application/json.",
    ),
    problems.InvalidFields: (
        "A field or a parameter is invalid; see `errors`.",
        "Some fields are invalid; see errors.",
    ),
    problems.TooManyRequests: (
        "A rate limit is used up.",
        "Too many requests came from you. Wait as many seconds as Retry-After says, then try again.",
    ),
    problems.InternalError: (
        "A fault on our side.",
        "Something went wrong on our side; the trace id in x-trace-id helps to find it.",
    ),
    problems.Unavailable: (
        "A part of the platform is restarting. The effect may have happened: repeat under the same `Idempotency-Key`.",
        "A part of the platform is restarting; send the same request again in a moment.",
    ),
}
"""What each error means where an operation says nothing more precise, and a detail it may come with."""

ALWAYS: Final = (problems.TooManyRequests, problems.InternalError, problems.Unavailable)
_ERRORS: Final = [{"pointer": "/quantity", "detail": "Input should be less than or equal to 999"}]


def responses() -> dict[str, Json]:
    """`components.responses`: one for each error, and `Other` for what only a proxy answers."""
    found = {kind.__name__: _response(kind, *meaning) for kind, meaning in MEANINGS.items()}
    other = (
        "What only a proxy says: 408 too slow, 431 headers too large, 502 and 504 no usable answer from the service."
    )
    return {**found, "Other": _problem_response(other, {}, None)}


def beside(kind: type[Problem], other: Json) -> Json:
    """The response of an error that is also told in another form."""
    usual = _response(kind, *MEANINGS[kind])
    return {**usual, **{part: {**usual[part], **other[part]} for part in ("content", "headers")}}


def header_refs(*names: str) -> Json:
    """The `headers` of a response; `x-trace-id` is always there."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (TRACE_ID, *names)}


def _response(kind: type[Problem], meaning: str, detail: str) -> Json:
    example: Json = {"type": TYPE_PREFIX + kind.slug, "title": kind.title, "status": kind.status, "detail": detail}
    if kind is problems.InvalidFields:
        example["errors"] = _ERRORS
    return _problem_response(meaning, header_refs(*_own_headers(kind)), example)


def _own_headers(kind: type[Problem]) -> Iterator[str]:
    if kind in {problems.TooManyRequests, problems.Unavailable}:
        yield "Retry-After"
    if kind is problems.Unauthorized:
        yield "WWW-Authenticate"


def _problem_response(description: str, headers: Json, example: Json | None) -> Json:
    media: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if example:
        media["example"] = example
    found: Json = {"description": description, "content": {"application/problem+json": media}}
    return {**found, "headers": headers} if headers else found

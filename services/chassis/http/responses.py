"""JSON answers, and whether the caller has them already."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.chassis.http.problems import Problem

_TAG = re.compile(r'"[^"]*"')


def is_known(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names this entity tag or `*`: the answer is 304 (RFC 9110, 13.1.2, weak comparison)."""
    given = ",".join(value.decode("latin-1") for name, value in request.scope["headers"] if name == b"if-none-match")
    if not given:
        return False
    return given.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(given)


def json_bytes(content: Any) -> bytes:
    """`content` as JSON (UUIDs and datetimes included; datetimes must be aware and are written in UTC with Z)."""
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`content` as `json_bytes` writes it."""
    return Response(json_bytes(content), status, dict(headers or {}), media_type="application/json")


def problem_response(problem: Problem) -> Response:
    """RFC 9457."""
    return Response(
        orjson.dumps(problem.body()), problem.status, problem.headers, media_type="application/problem+json"
    )

"""JSON answers."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from services.chassis.problems import Problem


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`content` as JSON (UUIDs and datetimes included; datetimes must be aware and are written in UTC with Z)."""
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    return Response(body, status, dict(headers or {}), media_type="application/json")


def problem_response(problem: Problem) -> Response:
    """RFC 9457."""
    return Response(
        orjson.dumps(problem.body()), problem.status, problem.headers, media_type="application/problem+json"
    )

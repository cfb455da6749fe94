"""HTTP in: what the control plane makes of its folder."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.responses import json_response
from services.gateway.control import Control
from services.gateway.endpoints import Apps
from services.gateway.merging import limit_document
from services.gateway.routes import Answer
from services.gateway.routes import Route as Line


def routes(control: Control) -> Sequence[BaseRoute]:
    """`GET /routes`: the effective table in order, and what was refused."""

    async def show(_request: Request) -> Response:
        table = control.table
        return json_response(
            {
                "routes": [_line(line, control.apps) for line in table.routes],
                "limits": [limit_document(limit) for limit in table.backend_policy.limits],
                "refused": [{"document": refused.document, "reason": refused.reason} for refused in table.refused],
                "keys_known": control.keys_known,
                "behind": control.behind(),
            }
        )

    return [Route("/routes", show)]


def _line(line: Line, apps: Apps) -> dict[str, Any]:
    match, policy = line.match, line.policy
    shown: dict[str, Any] = {
        "name": line.name,
        "path": {"type": match.path.type, "value": match.path.value},
        "method": match.method,
        "headers": [{"type": header.type, "name": header.name, "value": header.value} for header in match.headers],
        "query_params": [{"type": q.type, "name": q.name, "value": q.value} for q in match.query_params],
        "token_required": policy.token_required,
        "timeout_seconds": policy.timeout,
        "max_request_body_bytes": policy.max_request_body,
        "retries": policy.retries,
        "limits": [limit_document(limit) for limit in policy.limits],
    }
    if isinstance(line.action, Answer):
        return shown | {"answer": line.action.status, "allow": list(line.action.allow)}
    backends = [
        {
            "name": backend.name,
            "weight": backend.weight,
            "endpoints": [f"{endpoint.host}:{endpoint.port}" for endpoint in apps.get(backend.name, ())],
        }
        for backend in line.action.backends
    ]
    return shown | {"backends": backends}

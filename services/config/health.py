"""`/actuator/health` as Spring Boot's Actuator answers it: what readiness says, for those who look there."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.problems import NotFound
from services.chassis.http.responses import json_response

Check = Callable[[], Awaitable[str | None]]
MEDIA_TYPE = "application/vnd.spring-boot.actuator.v3+json"


def health_routes(check: Check) -> list[BaseRoute]:
    """`UP` with 200 while `check` has no reason against it, else `DOWN` with 503; nothing else is under `/actuator`."""

    async def health(_request: Request) -> Response:
        reason = await check()
        return _answer(reason)

    async def liveness(_request: Request) -> Response:
        return _answer(None)

    async def nothing(_request: Request) -> Response:
        raise NotFound("Of Spring Boot's actuator there is /actuator/health, with /liveness and /readiness.")

    return [
        Route("/actuator/health", health),
        Route("/actuator/health/readiness", health),
        Route("/actuator/health/liveness", liveness),
        Route("/actuator", nothing),
        Route("/actuator/{path:path}", nothing),
    ]


def _answer(reason: str | None) -> Response:
    response = json_response({"status": "DOWN" if reason else "UP"}, 503 if reason else 200)
    response.headers["content-type"] = MEDIA_TYPE
    return response

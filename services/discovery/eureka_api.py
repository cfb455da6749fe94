"""Eureka's read calls (Netflix Eureka 2 REST operations), under Spring's base path and under Netflix' own.

Nobody registers here: Kubernetes knows what runs, and whether it is ready. Calls that write say so.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.negotiation import JSON, VARY, negotiate
from services.chassis.http.problems import MethodNotAllowed, NotFound
from services.chassis.http.responses import json_response
from services.discovery import eureka
from services.discovery.instances import Snapshot
from services.discovery.registry import Registry

XML: Final = "application/xml"
_TEXT_XML: Final = "text/xml"
_BASES: Final = ("/eureka", "/eureka/v2")
_READ: Final = ["GET"]
_WRITE: Final = ["POST", "PUT", "DELETE", "PATCH"]
_WRITTEN_ONLY: Final = (
    "/apps/{name}/{instance_id}/status",
    "/apps/{name}/{instance_id}/metadata",
    "/instances/{instance_id}/status",
    "/instances/{instance_id}/metadata",
)

Read = Callable[[Request], eureka.Document | None]


def routes(now: Callable[[], Snapshot], registry: Registry) -> list[BaseRoute]:
    """`now` gives the newest state, or raises Unavailable."""
    reads: dict[str, Read] = {
        "/apps": lambda _request: eureka.applications(now(), registry),
        "/apps/delta": lambda _request: eureka.delta(now(), registry),
        "/apps/{name}": lambda request: eureka.application(now(), registry, request.path_params["name"]),
        "/apps/{name}/{instance_id}": lambda request: eureka.instance(
            now(), registry, request.path_params["instance_id"], request.path_params["name"]
        ),
        "/instances/{instance_id}": lambda request: eureka.instance(
            now(), registry, request.path_params["instance_id"]
        ),
        "/vips/{address}": lambda request: eureka.vip(now(), registry, request.path_params["address"]),
        "/svips/{address}": lambda request: eureka.vip(now(), registry, request.path_params["address"]),
    }
    found: list[BaseRoute] = []
    for base in reversed(_BASES):  # the longer first
        for end in ("", "/"):  # Netflix' own client asks with a slash at the end
            for path, read in reads.items():
                found.append(Route(base + path + end, _reading(read), methods=_READ))
                found.append(Route(base + path + end, _refusing("GET, HEAD"), methods=_WRITE))
            for path in _WRITTEN_ONLY:
                found.append(Route(base + path + end, _refusing(""), methods=[*_READ, *_WRITE]))
    return found


def _reading(read: Read) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        document = read(request)
        if document is None:
            raise NotFound("No ready instance is registered under this name; see /eureka/apps.")
        # XML is the default as at Netflix; who asks for both alike gets JSON, as there.
        form = negotiate(request, (JSON, XML, _TEXT_XML), XML)
        if form == JSON:
            return json_response(document, headers=VARY)
        return Response(eureka.to_xml(document), media_type=form, headers=VARY)

    return answer


def _refusing(allowed: str) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(_request: Request) -> Response:
        raise MethodNotAllowed(
            "Nothing registers here: Kubernetes knows what runs. Turn registration off in the client "
            "(eureka.client.register-with-eureka=false).",
            headers={"allow": allowed},
        )

    return refuse

"""Spring Cloud Kubernetes' discovery calls, and `/apps` as a stream."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import orjson
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.negotiation import VARY, wants_events
from services.chassis.http.problems import NotFound, Unavailable
from services.chassis.http.responses import json_response
from services.discovery import eureka_api
from services.discovery.instances import Backend, Snapshot
from services.discovery.registry import Registry
from services.discovery.settings import DiscoverySettings


def routes(backend: Backend, registry: Registry, settings: DiscoverySettings) -> list[BaseRoute]:
    def now() -> Snapshot:
        snapshot = backend.snapshot()
        if snapshot is None:  # an empty answer would tell clients that everything is gone
            raise Unavailable("The instances are not known yet; ask again in a moment.")
        registry.observe(snapshot)  # the follower may be a moment behind
        return snapshot

    async def apps(request: Request) -> Response:
        if wants_events(request):
            return EventSourceResponse(_events(backend), ping=settings.heartbeat_seconds, send_timeout=30, headers=VARY)
        return json_response(now().apps(), headers=VARY)

    async def app(request: Request) -> Response:
        """An unknown service has no instances, as in Spring: an empty list."""
        instances = now().by_service().get(request.path_params["name"], [])
        return json_response([instance.body() for instance in instances])

    async def app_instance(request: Request) -> Response:
        name, instance_id = request.path_params["name"], request.path_params["instance_id"]
        for instance in now().by_service().get(name, []):
            if instance.instance_id == instance_id:
                return json_response(instance.body())
        raise NotFound(f"Service {name!r} has no ready instance {instance_id!r}; see /apps/{name}.")

    return [
        Route("/apps", apps, methods=["GET"]),
        Route("/apps/{name}", app, methods=["GET"]),
        Route("/apps/{name}/{instance_id}", app_instance, methods=["GET"]),
        *eureka_api.routes(now, registry),
    ]


async def _events(backend: Backend) -> AsyncGenerator[ServerSentEvent, None]:
    """The whole list now, and again at each change."""
    async with aclosing(backend.changes()) as snapshots:
        async for snapshot in snapshots:
            yield ServerSentEvent(orjson.dumps(snapshot.apps()).decode())

"""Spring Cloud Config's read API; with `Accept: text/event-stream` an environment is streamed as it changes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import orjson
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.negotiation import VARY, wants_events
from services.chassis.http.problems import Unavailable
from services.chassis.http.responses import is_known, json_response
from services.config.asked import Asked, asked, asked_file, resolves_placeholders
from services.config.backend import Backend, Snapshot
from services.config.environment import Environment, environment
from services.config.rendering import MEDIA_TYPES, rendered
from services.config.settings import ConfigSettings


def routes(backend: Backend, settings: ConfigSettings) -> list[BaseRoute]:
    """The paths; `{label}/{file}` before `{application}/{profiles}`, as in Spring."""

    async def read(request: Request) -> Response:
        wanted = asked(**request.path_params)
        if wants_events(request):
            return EventSourceResponse(
                _events(backend, wanted), ping=settings.heartbeat_seconds, send_timeout=30, headers=VARY
            )
        found = _environment(_newest(backend), wanted)
        return _unchanged(request, found.version) or _tagged(json_response(found.body()), found.version)

    async def read_file(request: Request) -> Response:
        (wanted, form), resolve = asked_file(request), resolves_placeholders(request)
        found = _environment(_newest(backend), wanted)
        unchanged = _unchanged(request, found.version)
        if unchanged is not None:
            return unchanged
        text = await asyncio.to_thread(rendered, found, form, resolve=resolve)
        return _tagged(Response(text, media_type=MEDIA_TYPES.get(form, "application/yaml")), found.version)

    return [
        Route("/{file:config_file}", read_file),
        Route("/{label}/{file:config_file}", read_file),
        Route("/{application}/{profiles}", read),
        Route("/{application}/{profiles}/{label}", read),
    ]


def _newest(backend: Backend) -> Snapshot:
    snapshot = backend.snapshot()
    if snapshot is None:  # an empty answer would make services start with defaults
        raise Unavailable("The documents are not known yet; ask again in a moment.")
    return snapshot


def _environment(snapshot: Snapshot, wanted: Asked) -> Environment:
    return environment(snapshot, wanted.application, wanted.profiles, wanted.label)


def _unchanged(request: Request, version: str) -> Response | None:
    """304, where the caller has this version already."""
    return _tagged(Response(status_code=304), version) if is_known(request, f'"{version}"') else None


def _tagged(response: Response, version: str) -> Response:
    response.headers.update({"etag": f'"{version}"', "cache-control": "no-cache", **VARY})
    return response


async def _events(backend: Backend, wanted: Asked) -> AsyncGenerator[ServerSentEvent, None]:
    """One event for the state now, then one for each change of what this application is told."""
    version: str | None = None
    async with aclosing(backend.changes()) as snapshots:
        async for snapshot in snapshots:
            found = _environment(snapshot, wanted)
            if found.version != version:
                version = found.version
                yield ServerSentEvent(orjson.dumps(found.body()).decode(), id=version)

"""Spring Cloud Config's read API; with `Accept: text/event-stream` an environment is streamed as it changes."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import orjson
import yaml
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.problems import NotFound, Unavailable
from services.chassis.responses import json_response
from services.config.backend import Backend, Properties, Snapshot
from services.config.environment import Environment, environment
from services.config.properties import dump_properties, merged, nested
from services.config.settings import ConfigSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_FILE = re.compile(r"(?P<application>[^/]+)-(?P<profiles>[^/-]+)\.(?P<format>yml|yaml|json|properties)")


class _FileConvertor(Convertor[str]):
    regex = re.sub(r"\?P<\w+>", "?:", _FILE.pattern)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("config_file", _FileConvertor())


def routes(backend: Backend, settings: ConfigSettings) -> list[BaseRoute]:
    """The paths; `{label}/{file}` before `{application}/{profiles}`, as in Spring."""

    def now() -> Snapshot:
        snapshot = backend.snapshot()
        if snapshot is None:  # an empty answer would make services start with defaults
            raise Unavailable("The documents are not known yet; ask again in a moment.")
        return snapshot

    async def read(request: Request) -> Response:
        asked = _asked(**request.path_params)
        if "text/event-stream" in request.headers.get("accept", ""):
            return EventSourceResponse(
                _events(backend, asked), ping=settings.heartbeat_seconds, send_timeout=30, headers={"vary": "accept"}
            )
        found = environment(now(), *asked)
        return _tagged(request, found.version, lambda: json_response(found.body(), headers={"vary": "accept"}))

    async def read_file(request: Request) -> Response:
        parts = _FILE.fullmatch(request.path_params["file"])
        if parts is None:
            raise NotFound("No such document.")
        asked = _asked(parts["application"], parts["profiles"], request.path_params.get("label"))
        found = environment(now(), *asked)
        return _tagged(request, found.version, lambda: _rendered(found, parts["format"]))

    get: Callable[[str, Callable[[Request], Awaitable[Response]]], BaseRoute] = lambda path, endpoint: Route(  # noqa: E731
        path, endpoint, methods=["GET"]
    )
    return [
        get("/{file:config_file}", read_file),
        get("/{label}/{file:config_file}", read_file),
        get("/{application}/{profiles}", read),
        get("/{application}/{profiles}/{label}", read),
    ]


def _asked(application: str, profiles: str, label: str | None = None) -> tuple[str, list[str], str | None]:
    names = profiles.split(",")
    if not all(_NAME.fullmatch(name) for name in (application, *names)) or len(names) > 20:
        raise NotFound("Names of applications and profiles are letters, digits, '-', '_' and '.'.")
    return application, names, label


def _tagged(request: Request, version: str, answer: Callable[[], Response]) -> Response:
    tag = f'"{version}"'
    known = {entry.strip().removeprefix("W/") for entry in request.headers.get("if-none-match", "").split(",")}
    response = Response(status_code=304, headers={"vary": "accept"}) if {tag, "*"} & known else answer()
    response.headers["etag"] = tag
    response.headers["cache-control"] = "no-cache"
    return response


async def _events(backend: Backend, asked: tuple[str, list[str], str | None]) -> AsyncGenerator[ServerSentEvent, None]:
    """One event for the state now, then one for each change of what this application is told."""
    version: str | None = None
    async with aclosing(backend.changes()) as snapshots:
        async for snapshot in snapshots:
            found = environment(snapshot, *asked)
            if found.version != version:
                version = found.version
                yield ServerSentEvent(orjson.dumps(found.body()).decode(), id=version)


def _rendered(found: Environment, form: str) -> Response:
    properties: Properties = merged([source.properties for source in found.sources])
    if form == "properties":
        return Response(dump_properties(properties), media_type="text/plain; charset=utf-8")
    document: dict[str, Any] = nested(properties)
    if form == "json":
        return json_response(document)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=True)
    return Response(text, media_type="application/yaml")

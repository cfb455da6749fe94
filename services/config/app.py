"""Wiring of the config service."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.app import application
from services.chassis.pod import own_namespace
from services.chassis.responses import json_response
from services.config.api import routes
from services.config.backend import Backend
from services.config.directory import DirectoryBackend
from services.config.settings import ConfigSettings


def build(settings: ConfigSettings) -> Starlette:
    backend = _backend(settings)
    app = application(settings, routes=routes(backend, settings), resources=[backend])

    async def readyz(_request: Request) -> Response:
        """A broken document is told here and hides nothing: the others are served, and it as it last could be read."""
        snapshot, behind = backend.snapshot(), backend.behind()
        details: dict[str, object] = {"broken_documents": snapshot.faults if snapshot else ()}
        if behind:
            details["behind"] = behind
        if snapshot is None or not snapshot.sources:
            reason = behind or f"no document was found in {_where(settings)}"
            return json_response({"status": "unready", "reasons": {"documents": reason}, **details}, 503)
        return json_response({"status": "ready", "reasons": {}, **details})

    app.router.routes.insert(0, Route("/readyz", readyz))  # before the chassis' own, which knows no details
    return app


def _backend(settings: ConfigSettings) -> Backend:
    if settings.backend == "directory":
        return DirectoryBackend(settings.config_directory)
    from services.config.configmaps import ConfigMapBackend  # noqa: PLC0415 - its library takes 10 MiB

    return ConfigMapBackend(settings.namespaces or (own_namespace() or "default",))


def _where(settings: ConfigSettings) -> str:
    if settings.backend == "directory":
        return "MERCATO_CONFIG_DIRECTORY"
    return 'the ConfigMaps with the label mercato.dev/config: "true"'

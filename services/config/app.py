"""Wiring of the config service."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.app import application
from services.chassis.responses import json_response
from services.config.api import routes
from services.config.directory import DirectoryBackend
from services.config.settings import ConfigSettings


def build(settings: ConfigSettings) -> Starlette:
    backend = DirectoryBackend(settings.config_directory)
    app = application(settings, routes=routes(backend, settings), resources=[backend])

    async def readyz(_request: Request) -> Response:
        """A broken document is told here and hides nothing: the others are served, and it as it last could be read."""
        snapshot = backend.snapshot()
        if not snapshot.sources:
            reason = "no document was found in MERCATO_CONFIG_DIRECTORY"
            return json_response(
                {"status": "unready", "reasons": {"documents": reason}, "broken_documents": snapshot.faults}, 503
            )
        return json_response({"status": "ready", "reasons": {}, "broken_documents": snapshot.faults})

    app.router.routes.insert(0, Route("/readyz", readyz))  # before the chassis' own, which knows no details
    return app

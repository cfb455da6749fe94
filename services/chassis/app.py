"""The application every service is: its routes inside the same edge, with the same health answers."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.edge import Edge, from_starlette
from services.chassis.responses import json_response
from services.chassis.settings import ServiceSettings, watch

Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else the reason why the service cannot work."""


def application(
    settings: ServiceSettings,
    *,
    routes: Sequence[BaseRoute],
    resources: Sequence[AbstractAsyncContextManager[Any]] = (),
    checks: Mapping[str, Check] | None = None,
) -> Starlette:
    """A service: `resources` are entered in order at start and left in reverse at the end."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(watch(settings))
            for resource in resources:
                await stack.enter_async_context(resource)
            yield

    async def livez(_request: Request) -> Response:
        return json_response({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        reasons = {name: reason for name, check in (checks or {}).items() if (reason := await check())}
        body: dict[str, object] = {"status": "unready" if reasons else "ready", "reasons": reasons}
        if settings.restart_pending:
            body["restart_pending"] = sorted(settings.restart_pending)
        return json_response(body, 503 if reasons else 200)

    async def refuse(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone
        raise from_starlette(error)

    return Starlette(
        routes=[Route("/livez", livez), Route("/readyz", readyz), *routes],
        middleware=[Middleware(Edge, transient=_transient_errors())],
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )


def _transient_errors() -> tuple[type[Exception], ...]:
    """The database's errors that pass (the pool's are among them), in those services that have one."""
    try:
        psycopg = importlib.import_module("psycopg")
    except ImportError:
        return ()
    return (psycopg.OperationalError,)

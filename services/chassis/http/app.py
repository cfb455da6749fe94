"""The application every service is: its routes inside the same edge, with the same health answers."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.configuration.settings import ServiceSettings, watch
from services.chassis.http.edge import ANSWER_SECONDS, Edge, allowed_methods, from_starlette
from services.chassis.http.responses import json_response

log = logging.getLogger(__name__)

CHECK_SECONDS = 3.0

Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else the reason why the service cannot work."""
Details = Callable[[], Mapping[str, object]]
"""What readiness tells beside its reasons: what is wrong and does not keep the service from working."""


def application(
    settings: ServiceSettings,
    *,
    routes: Sequence[BaseRoute],
    resources: Sequence[AbstractAsyncContextManager[Any]] = (),
    checks: Mapping[str, Check] | None = None,
    details: Details = dict,
    within: float | None = ANSWER_SECONDS,
) -> Starlette:
    """A service: `resources` are entered in order at start and left in reverse at the end.

    An answer that has not begun `within` seconds is a 503; None sets no limit.
    """

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
        answers = await asyncio.gather(*(_ask(check) for check in (checks or {}).values()))
        reasons = {name: reason for name, reason in zip(checks or {}, answers, strict=True) if reason}
        body: dict[str, object] = {"status": "unready" if reasons else "ready", "reasons": reasons}
        if settings.restart_pending:
            body["restart_pending"] = sorted(settings.restart_pending)
        body |= details()
        return json_response(body, 503 if reasons else 200)

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone
        raise from_starlette(error, allowed_methods(request))

    app = Starlette(
        routes=[Route("/livez", livez), Route("/readyz", readyz), *routes],
        middleware=[Middleware(Edge, transient=_transient_errors(), within=within)],
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )
    # A path with a slash too many is unknown; a redirect would lead around the gateway, to this process's own address.
    app.router.redirect_slashes = False
    return app


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:.0f} s"
    except Exception as error:
        log.warning("a readiness check failed", exc_info=error)
        return f"the check failed ({type(error).__name__})"


def _transient_errors() -> tuple[type[Exception], ...]:
    """The database's errors that pass (the pool's are among them), in those services that have one."""
    try:
        psycopg = importlib.import_module("psycopg")
    except ImportError:
        return ()
    return (psycopg.OperationalError,)

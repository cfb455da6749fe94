"""The edge of every service, pure ASGI: each request gets a span, a metric and `x-trace-id`, each error a problem."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass

from opentelemetry import trace
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis.http.heads import HeadersOnly
from services.chassis.http.incoming import Incoming
from services.chassis.http.problems import BadRequest, InternalError, MethodNotAllowed, NotFound, Problem, Unavailable
from services.chassis.http.responses import problem_response
from services.chassis.observability import metrics, telemetry

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""The longest an answer may take to begin. The gateway gives up at 15 s, with less to say about it."""
_QUIET = {"/livez", "/readyz"}


class Edge:
    """Wraps the router. `transient` are errors that pass; `within` is in seconds, None for no limit."""

    def __init__(
        self, app: ASGIApp, transient: tuple[type[Exception], ...], within: float | None = ANSWER_SECONDS
    ) -> None:
        self._app = app
        self._transient = (*transient, TimeoutError)
        self._within = within
        self._children: dict[tuple[str, str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["path"] in _QUIET and scope["method"] == "GET"):
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        parent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        with telemetry.span(scope["method"], kind=telemetry.SpanKind.SERVER, parent=parent) as span:
            status = _Status()
            try:
                await self._answer(scope, receive, send, span, status)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                if span.is_recording():
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attributes({"http.request.method": scope["method"], "http.route": route})
                    span.set_attribute("http.response.status_code", status.code)
                took = time.monotonic() - started
                self._observed(route, scope["method"], status.code, took)

    def _observed(self, route: str, method: str, code: int, seconds: float) -> None:
        # The registry keeps each child for good as well: finding it there takes a lock and three texts.
        child = self._children.get((route, method, code))
        if child is None:
            child = self._children[route, method, code] = metrics.HTTP_REQUESTS.labels(route, method, code)
        child.observe(seconds)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, span: trace.Span, status: "_Status") -> None:
        trace_id = b"%032x" % span.get_span_context().trace_id
        incoming = Incoming(scope, receive)

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.begun, status.code = True, message["status"]
                headers = [pair for pair in message["headers"] if pair[0] != b"x-trace-id"]
                headers.append((b"x-trace-id", trace_id))
                if not await incoming.drained():
                    headers = [pair for pair in headers if pair[0] != b"connection"]
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        async def send_in_time(message: Message) -> None:
            deadline.reschedule(None)
            await send_marked(message)

        answer = HeadersOnly(self._app) if scope["method"] == "HEAD" else self._app
        try:
            async with asyncio.timeout(self._within) as deadline:
                await answer(scope, incoming, send_in_time)
        except ClientDisconnect:
            pass
        except Exception as error:
            problem = self._problem(error)
            if problem.status >= 500:
                telemetry.fail(span, error)
            if status.begun:
                raise
            with suppress(ClientDisconnect):
                await problem_response(problem)(scope, incoming, send_marked)

    def _problem(self, error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if isinstance(error, self._transient):
            # The effect may have been committed: only a repeat under the same Idempotency-Key is safe.
            log.warning("answered 503: %s", type(error).__name__)
            return Unavailable("A part of the platform is restarting; send the same request again in a moment.")
        log.error("request failed", exc_info=error)
        return InternalError("Something went wrong on our side; the trace id in x-trace-id helps to find it.")


@dataclass(slots=True)
class _Status:
    """What was answered; 499 while nothing was, as when the client hung up."""

    code: int = 499
    begun: bool = False


def allowed_methods(request: Request) -> str:
    """What the path takes, over all its routes: the router itself would name those of the first alone."""
    methods: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.methods and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods
    return ", ".join(sorted(methods))


def from_starlette(error: HTTPException, allow: str = "") -> Problem:
    """The router's own refusals in our form."""
    if error.status_code == 404:
        return NotFound("There is nothing under this path; see /docs for the API.")
    if error.status_code == 405:
        problem = MethodNotAllowed("This path does not take this method; see the Allow header.")
        problem.headers["allow"] = allow or (error.headers or {}).get("Allow", "")
        return problem
    return BadRequest(error.detail)

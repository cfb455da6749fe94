"""The HTTP side: authentication, the routes, and Stripe's way to say no."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.chassis.responses import json_response
from services.chassis.tokens import bearer_token
from tryout.simulator import objects, requests
from tryout.simulator.commands import Commands, Hang
from tryout.simulator.errors import ApiError, Missing, Unauthenticated
from tryout.simulator.ledger import Ledger
from tryout.simulator.settings import SimulatorSettings

Endpoint = Callable[[Request], Awaitable[dict[str, Any]]]


class Silence(Response):
    """No answer: ends when the client gives up, at the latest after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._client_gone(receive), self._seconds)

    @staticmethod
    async def _client_gone(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


class Api:
    """Every route answers JSON; an ApiError becomes Stripe's error object."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._commands = Commands(settings, ledger)

    @property
    def routes(self) -> list[Route]:
        def route(path: str, method: str, endpoint: Endpoint) -> Route:
            return Route(path, self._answering(endpoint), methods=[method])

        return [
            route("/v1/payment_intents", "POST", self._authorize),
            route("/v1/payment_intents", "GET", self._intents),
            route("/v1/payment_intents/search", "GET", self._search),
            route("/v1/payment_intents/{id}", "GET", self._intent),
            route("/v1/payment_intents/{id}/capture", "POST", self._capture),
            route("/v1/payment_intents/{id}/cancel", "POST", self._cancel),
            route("/v1/refunds", "POST", self._refund),
            route("/v1/refunds", "GET", self._refunds),
            route("/v1/refunds/{id}", "GET", self._one_refund),
        ]

    def _answering(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                self._authenticate(request)
                return json_response(await endpoint(request))
            except ApiError as error:
                return json_response(error.body, error.status)
            except Hang:
                return Silence(self._settings.hang_seconds)

        return answer

    def _authenticate(self, request: Request) -> None:
        expected = self._settings.stripe_api_key.get_secret_value()
        given = bearer_token(request) or ""
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise Unauthenticated

    async def _authorize(self, request: Request) -> dict[str, Any]:
        return await self._commands.authorize(await requests.read_command(request))

    async def _capture(self, request: Request) -> dict[str, Any]:
        return await self._commands.capture(request.path_params["id"], await requests.read_command(request))

    async def _cancel(self, request: Request) -> dict[str, Any]:
        return await self._commands.cancel(request.path_params["id"], await requests.read_command(request))

    async def _refund(self, request: Request) -> dict[str, Any]:
        return await self._commands.refund(await requests.read_command(request))

    async def _intent(self, request: Request) -> dict[str, Any]:
        identity = request.path_params["id"]
        row = await self._ledger.intent(identity)
        if row is None:
            raise Missing("payment_intent", identity)
        return objects.intent(row, expand=requests.wants_charge(request.query_params))

    async def _search(self, request: Request) -> dict[str, Any]:
        rows = await self._ledger.intents_of(requests.searched_order(request))
        expand = requests.wants_charge(request.query_params)
        found = [objects.intent(row, expand=expand) for row in rows]
        return objects.page(found, "/v1/payment_intents/search", kind="search_result")

    async def _intents(self, request: Request) -> dict[str, Any]:
        limit = requests.limit(request)
        rows = await self._ledger.intents(limit + 1, request.query_params.get("starting_after"))
        expand = requests.wants_charge(request.query_params)
        found = [objects.intent(row, expand=expand) for row in rows[:limit]]
        return objects.page(found, "/v1/payment_intents", more=len(rows) > limit)

    async def _refunds(self, request: Request) -> dict[str, Any]:
        rows = await self._ledger.refunds_of(request.query_params.get("payment_intent", ""))
        return objects.page([objects.refund(row) for row in rows], "/v1/refunds")

    async def _one_refund(self, request: Request) -> dict[str, Any]:
        identity = request.path_params["id"]
        row = await self._ledger.one_refund(identity)
        if row is None:
            raise Missing("refund", identity)
        return objects.refund(row)

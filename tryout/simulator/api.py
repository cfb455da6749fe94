"""The HTTP side: authentication, the routes, and Stripe's way to say no."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.http.responses import json_response
from services.chassis.runtime.ids import new_id
from tryout.simulator import objects, parameters, requests
from tryout.simulator.changes import Changes
from tryout.simulator.commands import Commands
from tryout.simulator.errors import ApiError, Unauthenticated, Unrecognized
from tryout.simulator.keys import Keys, Outcome
from tryout.simulator.ledger import Ledger
from tryout.simulator.lies import Hang, Lost
from tryout.simulator.reading import Reading
from tryout.simulator.requests import Command
from tryout.simulator.settings import SimulatorSettings
from tryout.simulator.silences import BrokenOff, Silence
from tryout.simulator.teller import Teller

Get = Callable[[Request], Awaitable[dict[str, Any]]]
Post = Callable[[str, Command], Awaitable[Outcome]]
Endpoint = Callable[[Request, str], Awaitable[Outcome]]

_INTENTS = "/v1/payment_intents"
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Api:
    """Every route answers JSON; an ApiError becomes Stripe's error object."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger, keys: Keys, teller: Teller) -> None:
        self._settings = settings
        self._reading = Reading(settings, ledger)
        self._commands = Commands(settings, ledger, keys, teller)
        self._changes = Changes(settings, ledger, keys, teller)

    @property
    def routes(self) -> list[Route]:
        commands, changes, reading = self._commands, self._changes, self._reading

        def create(_id: str, command: Command) -> Awaitable[Outcome]:
            return commands.create(command)

        def refund(_id: str, command: Command) -> Awaitable[Outcome]:
            return changes.refund(command)

        return [
            self._get(_INTENTS, reading.intents),
            self._post(_INTENTS, create, parameters.CREATE),
            self._get(f"{_INTENTS}/search", reading.search),
            self._get(_INTENTS + "/{id}", reading.intent),
            self._post(_INTENTS + "/{id}/confirm", commands.confirm, parameters.CONFIRM),
            self._post(_INTENTS + "/{id}/capture", changes.capture, parameters.CAPTURE),
            self._post(_INTENTS + "/{id}/cancel", changes.cancel, parameters.CANCEL),
            self._get("/v1/refunds", reading.refunds),
            self._post("/v1/refunds", refund, parameters.REFUND),
            self._get("/v1/refunds/{id}", reading.refund),
            # Also for a path that is there with another method: Stripe does not tell the two apart.
            Route("/{path:path}", self._answering(_unrecognized), methods=_ANY),
        ]

    def _get(self, path: str, read: Get) -> Route:
        async def endpoint(request: Request, _request_id: str) -> Outcome:
            self._authenticate(request)
            return Outcome(200, await read(request))

        return Route(path, self._answering(endpoint), methods=["GET"])

    def _post(self, path: str, carry_out: Post, known: frozenset[str]) -> Route:
        async def endpoint(request: Request, request_id: str) -> Outcome:
            self._authenticate(request)
            parts = parameters.REFUND_PARTS if known is parameters.REFUND else parameters.INTENT_PARTS
            command = await requests.read_command(request, request_id, known, parts)
            return await carry_out(request.path_params.get("id", ""), command)

        return Route(path, self._answering(endpoint), methods=["POST"])

    def _answering(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request_id = f"req_{new_id().hex}"
            try:
                outcome = await endpoint(request, request_id)
            except ApiError as error:
                outcome = Outcome(error.status, error.body)
            except Hang:
                return Silence(self._settings.hang_seconds)
            except Lost:
                return BrokenOff()
            if self._settings.answer_delay_seconds:
                await asyncio.sleep(self._settings.answer_delay_seconds)
            return json_response(outcome.body, outcome.status, _headers(request, request_id, outcome))

        return answer

    def _authenticate(self, request: Request) -> None:
        given = _given_key(request)
        if not hmac.compare_digest(given.encode(), self._settings.stripe_api_key.get_secret_value().encode()):
            raise Unauthenticated(given)


async def _unrecognized(request: Request, _request_id: str) -> Outcome:
    raise Unrecognized(request.method, request.url.path)


def _given_key(request: Request) -> str:
    """Of `Bearer <key>`, or of `Basic` with the key as user, as curl's -u sends it; "" for anything else."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _headers(request: Request, request_id: str, outcome: Outcome) -> dict[str, str]:
    headers = {
        "request-id": request_id,
        "stripe-version": request.headers.get("stripe-version", objects.API_VERSION),
    }
    if request.method == "POST" and (key := request.headers.get("idempotency-key")):
        headers |= {"idempotency-key": key, "original-request": outcome.original or request_id}
    if outcome.original is not None:
        headers["idempotent-replayed"] = "true"
    if outcome.status == 401:
        headers["www-authenticate"] = 'Basic realm="Stripe"'
    return headers

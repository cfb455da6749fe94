"""HTTP of the customer service."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.http.problems import Problem
from services.chassis.http.requests import read_json
from services.chassis.http.responses import json_response
from services.chassis.http.tokens import Tokens
from services.customer import forms, oauth
from services.customer.accounts import Accounts
from services.customer.keys import KeyRing
from services.customer.metadata import openid_configuration
from services.customer.schemas import LogIn, PasswordGrant, Refresh, SignUp, TokenPair
from services.customer.sessions import Sessions

# Verifiers fetch again when they meet an unknown key, so this only bounds how long a removed key is still trusted.
# What is public may be read by a page of any origin, as clients in browsers do.
_PUBLISHED = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}


def routes(accounts: Accounts, sessions: Sessions, tokens: Tokens, keys: KeyRing, issuer: str) -> Sequence[BaseRoute]:
    """The service's routes."""

    async def sign_up(request: Request) -> Response:
        customer = await accounts.sign_up(await read_json(request, SignUp))
        return json_response(customer.model_dump(), 201, {"location": "/api/v1/customers/me"})

    async def log_in(request: Request) -> Response:
        if forms.is_form(request.headers):
            return await grant(request)
        return _pair(await sessions.log_in(await read_json(request, LogIn)))

    async def grant(request: Request) -> Response:
        try:
            wanted = await oauth.read_grant(request)
            if isinstance(wanted, PasswordGrant):
                return _pair(await sessions.log_in(LogIn(email=wanted.username, password=wanted.password)))
            return _pair(await sessions.refresh(wanted.refresh_token.get_secret_value()))
        except Problem as problem:
            return oauth.refusal(problem)

    async def refresh(request: Request) -> Response:
        wanted = await read_json(request, Refresh)
        return _pair(await sessions.refresh(wanted.refresh_token.get_secret_value()))

    async def revoke(request: Request) -> Response:
        if not forms.is_form(request.headers):
            await sessions.revoke((await read_json(request, Refresh)).refresh_token.get_secret_value())
            return Response(status_code=204)
        try:
            await sessions.revoke(await oauth.read_revocation(request))
        except Problem as problem:
            return oauth.refusal(problem)
        return Response(headers=oauth.UNCACHED)

    async def me(request: Request) -> Response:
        caller = await tokens.verify(request)
        return json_response((await accounts.read(caller.subject)).model_dump())

    async def metadata(_: Request) -> Response:
        return json_response(openid_configuration(issuer, keys.algorithms), headers=_PUBLISHED)

    async def jwks(_: Request) -> Response:
        return json_response(keys.jwks(), headers=_PUBLISHED)

    return [
        Route("/api/v1/customers", sign_up, methods=["POST"]),
        Route("/api/v1/customers/me", me, methods=["GET"]),
        Route("/api/v1/tokens", log_in, methods=["POST"]),
        Route("/api/v1/tokens/refresh", refresh, methods=["POST"]),
        Route("/api/v1/tokens/revocation", revoke, methods=["POST"]),
        Route("/.well-known/openid-configuration", metadata, methods=["GET"]),
        Route("/.well-known/oauth-authorization-server", metadata, methods=["GET"]),
        Route("/.well-known/jwks.json", jwks, methods=["GET"]),
    ]


def _pair(pair: TokenPair) -> Response:
    return json_response(pair.model_dump(), headers=oauth.UNCACHED)

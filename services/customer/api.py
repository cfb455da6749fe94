"""HTTP of the customer service."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.chassis.requests import read_json
from services.chassis.responses import json_response
from services.chassis.tokens import Tokens
from services.customer.accounts import Accounts
from services.customer.keys import ALGORITHM, KeyRing
from services.customer.schemas import LogIn, OpenIdConfiguration, Refresh, SignUp, TokenPair
from services.customer.sessions import Sessions

# Verifiers fetch again when they meet an unknown key, so this only bounds how long a removed key is still trusted.
_KEYS_CACHE = {"cache-control": "public, max-age=300"}
_SECRET = {"cache-control": "no-store"}


def routes(accounts: Accounts, sessions: Sessions, tokens: Tokens, keys: KeyRing, issuer: str) -> Sequence[BaseRoute]:
    """The service's routes."""

    async def sign_up(request: Request) -> Response:
        customer = await accounts.sign_up(await read_json(request, SignUp))
        return json_response(customer.model_dump(), 201, {"location": "/api/v1/customers/me"})

    async def log_in(request: Request) -> Response:
        return _pair(await sessions.log_in(await read_json(request, LogIn)))

    async def refresh(request: Request) -> Response:
        wanted = await read_json(request, Refresh)
        return _pair(await sessions.refresh(wanted.refresh_token.get_secret_value()))

    async def me(request: Request) -> Response:
        caller = await tokens.verify(request)
        return json_response((await accounts.read(caller.subject)).model_dump())

    async def metadata(_: Request) -> Response:
        return json_response(openid_configuration(issuer), headers=_KEYS_CACHE)

    async def jwks(_: Request) -> Response:
        return json_response(keys.jwks(), headers=_KEYS_CACHE)

    return [
        Route("/api/v1/customers", sign_up, methods=["POST"]),
        Route("/api/v1/customers/me", me, methods=["GET"]),
        Route("/api/v1/tokens", log_in, methods=["POST"]),
        Route("/api/v1/tokens/refresh", refresh, methods=["POST"]),
        Route("/.well-known/openid-configuration", metadata, methods=["GET"]),
        Route("/.well-known/jwks.json", jwks, methods=["GET"]),
    ]


def openid_configuration(issuer: str) -> OpenIdConfiguration:
    """What a library needs to verify our tokens (OpenID Connect Discovery 1.0, section 3).

    Members it calls required that we have no use for are given so that strict libraries take the document.
    """
    base = issuer.rstrip("/")
    return {
        "issuer": issuer,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "token_endpoint": f"{base}/api/v1/tokens",
        "grant_types_supported": ["password", "refresh_token"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "jti", "email", "name", "roles"],
    }


def _pair(pair: TokenPair) -> Response:
    return json_response(pair.model_dump(), headers=_SECRET)

"""The token endpoint as OAuth clients speak to it (RFC 6749): forms in, that standard's answers and errors out.

Clients are public: none is registered and none has a secret. `client_id` is taken and means nothing.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from services.chassis.http.problems import (
    BadRequest,
    InvalidFields,
    Problem,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from services.chassis.http.requests import read_body, validate
from services.chassis.http.responses import json_response
from services.customer import forms
from services.customer.schemas import OAuthError, PasswordGrant, RefreshGrant, Revocation

UNCACHED: Final = {"cache-control": "no-store", "pragma": "no-cache"}
"""RFC 6749, section 5.1."""
_GRANTS: Final[Mapping[str, type[PasswordGrant] | type[RefreshGrant]]] = {
    "password": PasswordGrant,
    "refresh_token": RefreshGrant,
}
GRANT_TYPES: Final = list(_GRANTS)
_SECRETS: Final = ("client_secret", "client_assertion")
_PARAMETERS: Final = {"grant_type", "username", "password", "refresh_token", "scope", "token", "client_id", *_SECRETS}
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class OAuthRefusal(BadRequest):
    """A request that RFC 6749, section 5.2, has a word for."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


class UnknownClient(Unauthorized):
    """A client that proves who it is, though no client can here."""

    def __init__(self) -> None:
        super().__init__("Clients have no secret here; send client_id alone, or nothing.")
        self.headers["www-authenticate"] = 'Basic realm="mercato"'  # section 5.2 asks for the scheme that was tried


async def read_grant(request: Request) -> PasswordGrant | RefreshGrant:
    """What the form asks for. Raises Problem, of which `refusal` makes the answer."""
    parameters = await _read(request)
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        raise BadRequest("grant_type is missing; send password or refresh_token.")
    if grant_type not in _GRANTS:
        raise OAuthRefusal("unsupported_grant_type", "grant_type must be password or refresh_token.")
    if "scope" in parameters:
        raise OAuthRefusal("invalid_scope", "There are no scopes here; leave scope out.")
    return validate(_GRANTS[grant_type], parameters)


async def read_revocation(request: Request) -> str:
    """The refresh token that is to end (RFC 7009, section 2.1). Raises Problem, as `read_grant` does.

    `token_type_hint` is not needed: an access token, which ends by itself alone, has dots and a refresh token has none.
    """
    token = validate(Revocation, await _read(request)).token.get_secret_value()
    if "." in token:
        raise OAuthRefusal("unsupported_token_type", "An access token ends by itself; send the refresh token.")
    return token


async def _read(request: Request) -> dict[str, str]:
    forms.refuse_other_charsets(request.headers)
    _refuse_in_address(request.query_params)
    parameters = forms.parse(await read_body(request), _PARAMETERS)
    _refuse_secrets(request.headers, parameters)
    return parameters


def refusal(problem: Problem) -> Response:
    """A problem in the form of RFC 6749, section 5.2, under its own status where that is not 400 or 401."""
    error, status = _error(problem)
    body: OAuthError = {"error": error, "error_description": _UNPRINTABLE.sub("'", _description(problem))}
    headers = {**problem.headers, **UNCACHED}
    if status != Unauthorized.status:
        headers.pop("www-authenticate", None)
    return json_response(body, status, headers)


def _error(problem: Problem) -> tuple[str, int]:
    match problem:
        case OAuthRefusal():
            return problem.error, 400
        case UnknownClient():
            return "invalid_client", 401
        case Unauthorized():
            return "invalid_grant", 400
        case InvalidFields():
            return "invalid_request", 400
        case TooManyRequests() | Unavailable():
            return "temporarily_unavailable", problem.status
        case _:
            return "invalid_request", problem.status


def _description(problem: Problem) -> str:
    if not problem.errors:
        return problem.detail
    return "; ".join(f"{fault['pointer'].removeprefix('/')}: {fault['detail']}" for fault in problem.errors)


def _refuse_in_address(query: QueryParams) -> None:
    """RFC 6749, section 2.3.1: addresses are logged by everything on the way."""
    if misplaced := sorted(_PARAMETERS.intersection(query)):
        raise BadRequest(f"{misplaced[0]} is in the address, where others can read it; send it in the body.")


def _refuse_secrets(headers: Headers, parameters: Mapping[str, Any]) -> None:
    """An empty secret is none (RFC 6749, section 2.3.1). A bearer token that comes along proves no client."""
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    if any(name in parameters for name in _SECRETS) or (
        scheme.lower() not in {"", "bearer"} and not (scheme.lower() == "basic" and _without_secret(credentials))
    ):
        raise UnknownClient


def _without_secret(credentials: str) -> bool:
    """Whether HTTP Basic (RFC 7617) names a client and gives no password."""
    try:
        return b64decode(credentials.strip(), validate=True).partition(b":")[1:] == (b":", b"")
    except (binascii.Error, ValueError):
        return False

"""What the customer service says of its HTTP API."""

from typing import Any, Final

from services.chassis.http.operations import Access, Answer, Content, Operation
from services.chassis.http.problems import BadRequest, Conflict, NotFound, TooManyRequests, Unauthorized
from services.customer import forms
from services.customer.metadata import openid_configuration
from services.customer.schemas import (
    Customer,
    LogIn,
    OAuthError,
    OpenIdConfiguration,
    PasswordGrant,
    Refresh,
    RefreshGrant,
    Revocation,
    SignUp,
    TokenPair,
)

DESCRIPTION: Final = "Customers, their tokens, and the keys that verify them."

_CUSTOMER: Final = {"id": "01a20689-eca0-73bd-87b2-938fa2a0b35f", "email": "ada@shop.test", "name": "Ada Lovelace"}
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - an example
_REFRESH: Final = "7lZq2mWc3uVb9xJt5hRk8nPf1dSg6yAe0oQiTzXwUvE"
_PAIR: Final = {
    "access_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIwMWEyMDY4OSJ9.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": _REFRESH,
}
_KEY: Final = {
    "kty": "RSA",
    "kid": "cUQbFMXKJcCMlSq3pVMTxEXWWiE8jzc1sSBGP0TEmZ4",
    "use": "sig",
    "alg": "RS256",
    "e": "AQAB",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4",
}
_KEY_SET: Final = {
    "type": "object",
    "description": "A JSON Web Key Set (RFC 7517).",
    "required": ["keys"],
    "properties": {
        "keys": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["kty", "kid", "use", "alg"], "additionalProperties": True},
        }
    },
}
_CONFIGURATION: Final = openid_configuration("http://127.0.0.1:8080", ["RS256"])
_FORM: Final = Content(
    type=PasswordGrant | RefreshGrant,
    example={"grant_type": "password", "username": "ada@shop.test", "password": _PASSWORD},
    media_type=forms.MEDIA_TYPE,
)
_SECRET_HEADERS: Final = ["Cache-Control", "Pragma"]


def _pair(description: str) -> Answer:
    return Answer(
        status=200,
        description=description,
        content=Content(type=TokenPair, example=_PAIR),
        headers=_SECRET_HEADERS,
    )


def _refused(status: int, error: str, why: str) -> Answer:
    """How a form is refused."""
    example = {"error": error, "error_description": why}
    return Answer(
        status=status, description="", content=Content(type=OAuthError, example=example), headers=_SECRET_HEADERS
    )


def _published(description: str, kind: Any, example: Any) -> Answer:
    return Answer(
        status=200, description=description, content=Content(type=kind, example=example), headers=["Cache-Control"]
    )


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/api/v1/customers",
        name="signUp",
        summary="Sign up",
        access=Access.PUBLIC,
        body=Content(type=SignUp, example={"email": "ada@shop.test", "name": "Ada Lovelace", "password": _PASSWORD}),
        answers=[
            Answer(
                status=201,
                description="The customer.",
                content=Content(type=Customer, example=_CUSTOMER),
                headers=["Location"],
            )
        ],
        problems={Conflict: "The e-mail is taken."},
    ),
    Operation(
        method="GET",
        path="/api/v1/customers/me",
        name="readMe",
        summary="Who the caller is",
        answers=[Answer(status=200, description="The customer.", content=Content(type=Customer, example=_CUSTOMER))],
        problems={NotFound: "No profile is kept for the token's subject, as for another issuer's."},
    ),
    Operation(
        method="POST",
        path="/api/v1/tokens",
        name="logIn",
        summary="Log in",
        description="The access token is a JWT, signed with RS256. Its claims are `iss`, `sub`, `aud`, `iat`, `exp`, "
        "`jti`, `email`, `name` and `roles`. OAuth clients send a form instead (RFC 6749): `grant_type=password` with "
        "`username` and `password`, or `grant_type=refresh_token` with `refresh_token`.",
        access=Access.PUBLIC,
        body=Content(type=LogIn, example={"email": "ada@shop.test", "password": _PASSWORD}),
        other_bodies=[_FORM],
        answers=[
            _pair("An access token, and a refresh token for the next one."),
            _refused(400, "invalid_grant", "The e-mail or the password is wrong."),
            _refused(401, "invalid_client", "Clients have no secret here; send client_id alone, or nothing."),
            _refused(429, "temporarily_unavailable", "Too many wrong passwords for this e-mail; try again in 30 s."),
        ],
        problems={
            BadRequest: "Unreadable JSON. A form: `invalid_grant` (the e-mail, password or refresh token is wrong), "
            "`invalid_request`, `unsupported_grant_type` or `invalid_scope` (there are none).",
            Unauthorized: "The e-mail or the password is wrong. A form: `invalid_client`, a client that has a secret.",
            TooManyRequests: "A rate limit is used up, or too many wrong passwords were tried for this e-mail.",
        },
    ),
    Operation(
        method="POST",
        path="/api/v1/tokens/refresh",
        name="refreshTokens",
        summary="Trade a refresh token for a new pair",
        description="The token is used up. The same one within 10 seconds gives the same successor; later its whole "
        "family is revoked, since somebody else may have it.",
        access=Access.PUBLIC,
        body=Content(type=Refresh, example={"refresh_token": _REFRESH}),
        answers=[_pair("The next pair.")],
        problems={Unauthorized: "The refresh token is not valid, or not any more."},
    ),
    Operation(
        method="POST",
        path="/api/v1/tokens/revocation",
        name="revokeTokens",
        summary="Log out",
        description="The refresh token's whole family ends; a token that is not known has ended already. Access tokens "
        "end by themselves. OAuth clients send a form with `token` instead (RFC 7009).",
        access=Access.PUBLIC,
        body=Content(type=Refresh, example={"refresh_token": _REFRESH}),
        other_bodies=[Content(type=Revocation, example={"token": _REFRESH}, media_type=forms.MEDIA_TYPE)],
        answers=[
            Answer(status=200, description="Done, to a form.", headers=_SECRET_HEADERS),
            Answer(status=204, description="Done."),
            _refused(400, "unsupported_token_type", "An access token ends by itself; send the refresh token."),
            _refused(401, "invalid_client", "Clients have no secret here; send client_id alone, or nothing."),
        ],
        problems={
            BadRequest: "Unreadable JSON. A form: `invalid_request`, or `unsupported_token_type` for an access token.",
            Unauthorized: "A form: `invalid_client`, a client that has a secret.",
        },
    ),
    Operation(
        method="GET",
        path="/.well-known/openid-configuration",
        name="readOpenIdConfiguration",
        summary="Metadata for OpenID Connect libraries",
        access=Access.PUBLIC,
        answers=[_published("OpenID Connect Discovery 1.0, section 3.", OpenIdConfiguration, _CONFIGURATION)],
    ),
    Operation(
        method="GET",
        path="/.well-known/oauth-authorization-server",
        name="readAuthorizationServer",
        summary="The same metadata for OAuth libraries",
        access=Access.PUBLIC,
        answers=[_published("RFC 8414, section 2.", OpenIdConfiguration, _CONFIGURATION)],
    ),
    Operation(
        method="GET",
        path="/.well-known/jwks.json",
        name="readKeys",
        summary="The keys that verify tokens",
        access=Access.PUBLIC,
        answers=[_published("The key set, newest first.", _KEY_SET, {"keys": [_KEY]})],
    ),
)

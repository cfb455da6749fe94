"""What we tell libraries of ourselves (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2)."""

from collections.abc import Sequence

from services.customer.oauth import GRANT_TYPES
from services.customer.schemas import OpenIdConfiguration


def openid_configuration(issuer: str, algorithms: Sequence[str]) -> OpenIdConfiguration:
    """What a library needs to get our tokens and verify them; `algorithms` are those of the published keys.

    Only what holds is told, so there is no `authorization_endpoint`, no scope and no secret of a client. Two members
    that the standards require fit us but loosely. A response type is asked for where people are sent to log in, which
    is nowhere here: `none` is the one that promises no token there. And we issue no ID tokens: the algorithms are
    those of the access tokens, by which libraries take the keys.
    """
    base = issuer.rstrip("/")  # OpenID Connect Discovery 1.0, section 4.1
    return {
        "issuer": issuer,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "token_endpoint": f"{base}/api/v1/tokens",
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint": f"{base}/api/v1/tokens/revocation",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "grant_types_supported": GRANT_TYPES,
        "response_types_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(algorithms),
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "jti", "email", "name", "roles"],
    }

"""What libraries of OpenID Connect and JWT do with what we publish, on the documents as they go over the wire."""

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from services.customer.access import AccessTokens
from services.customer.keys import KeyRing, load_keys
from services.customer.metadata import openid_configuration
from services.customer.settings import CustomerSettings

ISSUER = "https://shop.example"
CUSTOMER = uuid4()
_KEYS: Mapping[str, Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@pytest.fixture(params=["RS256", "ES256"])
def ring(tmp_path: Path, request: pytest.FixtureRequest) -> KeyRing:
    for name in ("1.pem", "2.pem"):
        key = _KEYS[request.param]()
        (tmp_path / name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_keys(tmp_path)


@pytest.fixture
def token(ring: KeyRing) -> str:
    settings = CustomerSettings(issuer=ISSUER, refresh_secret=SecretStr("a secret for successors"))
    return AccessTokens(ring, settings).issue(CUSTOMER, "ann@shop.test", "Ann", ["customer"])


def test_a_token_is_verified_with_the_published_keys_alone(ring: KeyRing, token: str) -> None:
    published = jwt.PyJWKSet.from_json(orjson.dumps(ring.jwks()).decode())
    key = published[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        key,
        algorithms=openid_configuration(ISSUER, ring.algorithms)["id_token_signing_alg_values_supported"],
        audience="mercato",
        issuer=ISSUER,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
    )
    assert UUID(claims["sub"]) == CUSTOMER
    assert claims["exp"] - claims["iat"] == 900
    assert (claims["email"], claims["name"], claims["roles"]) == ("ann@shop.test", "Ann", ["customer"])


def test_a_token_is_not_good_for_another_audience_or_issuer(ring: KeyRing, token: str) -> None:
    key = jwt.PyJWK.from_dict(ring.jwks()["keys"][0])
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, algorithms=ring.algorithms, audience="other", issuer=ISSUER)
    with pytest.raises(jwt.InvalidIssuerError):
        jwt.decode(token, key, algorithms=ring.algorithms, audience="mercato", issuer="https://else.example")


def test_an_earlier_key_still_verifies_what_it_signed(ring: KeyRing) -> None:
    settings = CustomerSettings(issuer=ISSUER, refresh_secret=SecretStr("a secret for successors"))
    earlier = AccessTokens(KeyRing(ring.keys[:1]), settings).issue(CUSTOMER, "ann@shop.test", "Ann", [])
    published = jwt.PyJWKSet.from_dict(ring.jwks())
    assert jwt.decode(
        earlier, published[jwt.get_unverified_header(earlier)["kid"]], algorithms=ring.algorithms, audience="mercato"
    )


def test_discovery_says_what_the_specification_requires_of_a_verifier() -> None:
    """OpenID Connect Discovery 1.0, sections 3 and 4.3: the issuer is exactly that of the tokens."""
    document = openid_configuration(ISSUER, ["RS256"])
    assert document["issuer"] == ISSUER
    assert document["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
    for member in ("response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"):
        assert document[member]


def test_discovery_promises_nothing_that_is_not_there() -> None:
    """No page to log in on, no scopes, no secrets of clients, no profile in OpenID Connect's form."""
    document = openid_configuration("https://shop.example/eu/", ["RS256"])
    absent = {"authorization_endpoint", "userinfo_endpoint", "scopes_supported", "registration_endpoint"}
    assert not absent & set(document)
    assert document["token_endpoint_auth_methods_supported"] == ["none"]
    assert (document["issuer"], document["token_endpoint"]) == (
        "https://shop.example/eu/",
        "https://shop.example/eu/api/v1/tokens",
    )

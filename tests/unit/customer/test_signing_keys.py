from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.customer import keys
from services.customer.keys import UnusableKeys, load_keys
from services.customer.metadata import openid_configuration

RSA = rsa.generate_private_key(65537, 2048)


def _pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def test_the_last_key_by_name_signs_and_all_are_published(tmp_path: Path) -> None:
    for name in ("2.pem", "1.pem"):
        (tmp_path / name).write_bytes(_pem(ec.generate_private_key(ec.SECP256R1())))
    ring = load_keys(tmp_path)
    published = ring.jwks()["keys"]
    assert [key["kid"] for key in published] == [ring.keys[1].kid, ring.keys[0].kid]
    assert ring.current is ring.keys[1]
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in published), "no private member"


def test_an_rsa_key_signs_with_rs256_and_its_public_half_says_so(tmp_path: Path) -> None:
    """RFC 7517: `alg`, `use` and `kid` let a library choose the key without a guess."""
    (tmp_path / "1.pem").write_bytes(_pem(RSA))
    (published,) = load_keys(tmp_path).jwks()["keys"]
    assert set(published) == {"kty", "n", "e", "kid", "use", "alg"}, "no private member"
    assert (published["kty"], published["alg"], published["use"]) == ("RSA", "RS256", "sig")
    signed = jwt.encode({"a": 1}, RSA, "RS256")
    assert jwt.decode(signed, jwt.PyJWK.from_dict(published)) == {"a": 1}


@pytest.mark.parametrize(
    ("kinds", "algorithms"),
    [("r", ["RS256"]), ("e", ["ES256"]), ("er", ["RS256", "ES256"]), ("ree", ["ES256", "RS256"])],
)
def test_the_algorithms_told_are_those_of_the_published_keys(tmp_path: Path, kinds: str, algorithms: list[str]) -> None:
    for position, kind in enumerate(kinds):
        key = RSA if kind == "r" else ec.generate_private_key(ec.SECP256R1())
        (tmp_path / f"{position}.pem").write_bytes(_pem(key))
    ring = load_keys(tmp_path)
    assert ring.algorithms == algorithms
    told = openid_configuration("http://shop.test", ring.algorithms)["id_token_signing_alg_values_supported"]
    assert set(told) == {key["alg"] for key in ring.jwks()["keys"]}


def test_a_key_is_called_by_its_thumbprint() -> None:
    jwk = {"kty": "EC", "crv": "P-256", "x": "x-value", "y": "y-value", "use": "sig"}
    canonical = b'{"crv":"P-256","kty":"EC","x":"x-value","y":"y-value"}'
    assert keys.thumbprint(jwk) == keys.thumbprint({**jwk, "alg": "ES256"})
    assert keys.canonical(jwk) == canonical


def test_an_rsa_key_is_called_as_in_the_example_of_rfc_7638() -> None:
    """Section 3.1."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhM"
        "stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91"
        "CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert keys.thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no signing key"),
        (b"no key", "not a readable"),
        (_pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (_pem(ed25519.Ed25519PrivateKey.generate()), "P-256"),
        (_pem(rsa.generate_private_key(65537, 1024)), "2048 to 4096 bits"),  # noqa: S505 - too short on purpose
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_the_remedy(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    if content is not None:
        (tmp_path / "1.pem").write_bytes(content)
    with pytest.raises(UnusableKeys, match=complaint) as refusal:
        load_keys(tmp_path)
    assert "\n" not in str(refusal.value)

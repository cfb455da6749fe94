from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.customer import keys
from services.customer.keys import UnusableKeys, load_keys


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_the_last_key_by_name_signs_and_all_are_published(tmp_path: Path) -> None:
    for name in ("2.pem", "1.pem"):
        (tmp_path / name).write_bytes(_pem(ec.generate_private_key(ec.SECP256R1())))
    ring = load_keys(tmp_path)
    published = ring.jwks()["keys"]
    assert [key["kid"] for key in published] == [ring.keys[1].kid, ring.keys[0].kid]
    assert ring.current is ring.keys[1]
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in published), "no private member"


def test_a_key_is_called_by_its_thumbprint() -> None:
    jwk = {"kty": "EC", "crv": "P-256", "x": "x-value", "y": "y-value", "use": "sig"}
    canonical = b'{"crv":"P-256","kty":"EC","x":"x-value","y":"y-value"}'
    assert keys.thumbprint(jwk) == keys.thumbprint({**jwk, "alg": "ES256"})
    assert keys.canonical(jwk) == canonical


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no signing key"),
        (b"no key", "not a readable"),
        (_pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (_pem(rsa.generate_private_key(65537, 2048)), "P-256"),
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

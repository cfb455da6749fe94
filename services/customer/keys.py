"""The keys that sign access tokens, and their public halves as others read them (RFC 7517)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

ALGORITHM = "ES256"


class UnusableKeys(ValueError):
    """There is no key to sign with; the text is one line that names the remedy."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, its `kid` (RFC 7638 thumbprint) and its public JWK."""

    kid: str
    private: EllipticCurvePrivateKey
    public: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key that may have signed a token still in use; the last one signs."""

    keys: tuple[SigningKey, ...]

    @property
    def current(self) -> SigningKey:
        return self.keys[-1]

    def jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set, newest first."""
        return {"keys": [key.public for key in reversed(self.keys)]}


def load_keys(directory: Path) -> KeyRing:
    """The keys in `directory/*.pem`, in the order of their names. Raises UnusableKeys.

    Names, not times, say which is newest: a mounted Secret or a restored backup has no times to go by.
    """
    files = sorted(directory.glob("*.pem"))
    if not files:
        raise UnusableKeys(
            f"no signing key in {directory}; make one with `openssl ecparam -name prime256v1 -genkey -noout"
            f" | openssl pkcs8 -topk8 -nocrypt -out {directory}/1.pem`"
        )
    return KeyRing(tuple(_load(file) for file in files))


def _load(file: Path) -> SigningKey:
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise UnusableKeys(f"{file} is not a readable, unencrypted PEM private key; replace or remove it") from None
    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        raise UnusableKeys(f"{file} is not an ECDSA key on P-256, which {ALGORITHM} needs; replace or remove it")
    jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    kid = thumbprint(jwk)
    return SigningKey(kid, private, {**jwk, "kid": kid, "use": "sig", "alg": ALGORITHM})


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638: the digest of the canonical form."""
    return urlsafe_b64encode(hashlib.sha256(canonical(jwk)).digest()).decode().rstrip("=")


def canonical(jwk: dict[str, Any]) -> bytes:
    """RFC 7638, section 3: the required members alone, in lexical order, without white space."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return json.dumps(required, sort_keys=True, separators=(",", ":")).encode()

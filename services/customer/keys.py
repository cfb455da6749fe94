"""The keys that sign access tokens, and their public halves as others read them (RFC 7517)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

STRICT: Final = "RS256"
"""What every issuer must have (OpenID Connect Discovery 1.0, section 3)."""
LEAST_BITS: Final = 2048
MOST_BITS: Final = 4096
"""Of an RSA key: RFC 7518, section 3.3, asks for the least; beyond the most a signature takes tens of milliseconds."""
_REQUIRED: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


class UnusableKeys(ValueError):
    """There is no key to sign with; the text is one line that names the remedy."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, the algorithm it signs with, its `kid` (RFC 7638 thumbprint) and its public JWK."""

    kid: str
    algorithm: str
    private: RSAPrivateKey | EllipticCurvePrivateKey
    public: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key that may have signed a token still in use; the last one signs."""

    keys: tuple[SigningKey, ...]

    @property
    def current(self) -> SigningKey:
        return self.keys[-1]

    @property
    def algorithms(self) -> list[str]:
        """What tokens in use may be signed with, the newest first."""
        return list(dict.fromkeys(key.algorithm for key in reversed(self.keys)))

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
            f"no signing key in {directory}; make one with `openssl genpkey -algorithm RSA"
            f" -pkeyopt rsa_keygen_bits:2048 -out {directory}/1.pem`"
        )
    return KeyRing(tuple(_load(file) for file in files))


def _load(file: Path) -> SigningKey:
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise UnusableKeys(f"{file} is not a readable, unencrypted PEM private key; replace or remove it") from None
    if isinstance(private, RSAPrivateKey) and LEAST_BITS <= private.key_size <= MOST_BITS:
        return _signing(private, STRICT, RSAAlgorithm.to_jwk(private.public_key(), as_dict=True))
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return _signing(private, "ES256", ECAlgorithm.to_jwk(private.public_key(), as_dict=True))
    raise UnusableKeys(
        f"{file} is neither an RSA key of {LEAST_BITS} to {MOST_BITS} bits (RS256)"
        " nor an ECDSA key on P-256 (ES256); replace or remove it"
    )


def _signing(private: RSAPrivateKey | EllipticCurvePrivateKey, algorithm: str, jwk: dict[str, Any]) -> SigningKey:
    plain = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}
    kid = thumbprint(plain)
    return SigningKey(kid, algorithm, private, {**plain, "kid": kid, "use": "sig", "alg": algorithm})


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638: the digest of the canonical form."""
    return urlsafe_b64encode(hashlib.sha256(canonical(jwk)).digest()).decode().rstrip("=")


def canonical(jwk: dict[str, Any]) -> bytes:
    """RFC 7638, section 3: the required members alone, in lexical order, without white space."""
    required = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}
    return json.dumps(required, sort_keys=True, separators=(",", ":")).encode()

"""The certificate by which Envoy speaks TLS: whether the mounted folder has one that can be used.

Here it is only judged. Envoy reads the files itself, and again when kubelet swaps them: that needs nobody.
"""

import logging
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from services.chassis.runtime.watched_folder import looks

log = logging.getLogger(__name__)

CERTIFICATE_FILE: Final = "tls.crt"
KEY_FILE: Final = "tls.key"
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_CURVE_NAMES: Final = "ECDSA of P-256, P-384 or P-521, Ed25519"
_LEAST_RSA_BITS: Final = 2048


class UnusableCertificateError(Exception):
    """Envoy could not use it; the text says what is wrong."""


def read(folder: Path) -> x509.Certificate:
    """The certificate of the folder's chain, its key proved. Raises UnusableCertificateError."""
    chain, key = _certificates(folder / CERTIFICATE_FILE), _key(folder / KEY_FILE)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if chain[0].public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise UnusableCertificateError(f"{KEY_FILE} is not the key of the first certificate in {CERTIFICATE_FILE}")
    return chain[0]


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_content(path))
    except ValueError:
        raise UnusableCertificateError(f"{path.name} holds no certificates in PEM") from None


def _key(path: Path) -> PrivateKeyTypes:
    try:
        key = load_pem_private_key(_content(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableCertificateError(f"{path.name} holds no private key in PEM without a password") from None
    if not _is_supported(key):
        raise UnusableCertificateError(f"{path.name} is none of: RSA of {_LEAST_RSA_BITS} bits or more, {_CURVE_NAMES}")
    return key


def _is_supported(key: PrivateKeyTypes) -> bool:
    """Envoy's own rule."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size >= _LEAST_RSA_BITS
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return isinstance(key.curve, _CURVES)
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableCertificateError(f"{path.name} cannot be read: {error.strerror}") from None


class Certificate:
    """Judges what is in `folder` while `run` runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._expires: datetime | None = None
        self._problem: str | None = "it is not looked at yet"

    async def run(self) -> NoReturn:
        async with aclosing(looks(self._folder)) as times:
            async for _ in times:
                self.look()
        raise AssertionError("nothing ends it but cancellation")

    def look(self) -> None:
        """At what is there now."""
        try:
            self._expires = read(self._folder).not_valid_after_utc
        except UnusableCertificateError as error:
            if str(error) != self._problem:
                log.error("the certificate in %s cannot be used: %s", self._folder, error)
            self._problem = str(error)
            return
        if self._problem is not None:
            log.info("the certificate in %s is used, it ends %s", self._folder, self._expires)
        self._problem = None

    def fault(self) -> str | None:
        """Why clients get no good certificate; None while they do."""
        if self._problem is not None:
            return f"{self._folder}: {self._problem}; Envoy goes on with the last one it had, or has none"
        if self._expires is not None and self._expires <= datetime.now(UTC):
            return f"{self._folder}: the certificate has ended at {self._expires:%Y-%m-%dT%H:%M:%SZ}: renew it"
        return None

"""Which certificates are used, and what is said of the others."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from services.gateway.certificate import Certificate, UnusableCertificateError, read
from services.gateway.settings import GatewaySettings

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
OPEN = NoEncryption()


def p256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def put(folder: Path, key: Key, *, days: int = 1, encryption: KeySerializationEncryption = OPEN) -> None:
    """A certificate that ends in so many days, and its key."""
    now, name = datetime.now(UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")])
    unsigned = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
    )
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
    (folder / "tls.crt").write_bytes(unsigned.sign(key, digest).public_bytes(Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


@pytest.mark.parametrize(
    "key",
    [
        p256,
        lambda: ec.generate_private_key(ec.SECP521R1()),
        lambda: rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate,
    ],
)
def test_a_certificate_with_its_key_is_used(tmp_path: Path, key: Callable[[], Key]) -> None:
    put(tmp_path, key())
    assert read(tmp_path).subject.rfc4514_string() == "CN=shop"


@pytest.mark.parametrize(
    "key",
    [
        lambda: ec.generate_private_key(ec.SECP256K1()),
        lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505 - that it is weak is the point
        ed448.Ed448PrivateKey.generate,
    ],
)
def test_keys_that_envoy_does_not_take_are_named(tmp_path: Path, key: Callable[[], Key]) -> None:
    put(tmp_path, key())
    with pytest.raises(UnusableCertificateError, match=re.escape("tls.key is none of: RSA of 2048 bits or more, ")):
        read(tmp_path)


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    put(tmp_path, p256(), encryption=BestAvailableEncryption(b"secret"))
    with pytest.raises(UnusableCertificateError, match=r"tls.key holds no private key in PEM without a password"):
        read(tmp_path)
    put(tmp_path, p256())
    (tmp_path / "tls.crt").write_text("none")
    with pytest.raises(UnusableCertificateError, match=r"tls.crt holds no certificates in PEM"):
        read(tmp_path)


def test_a_fault_is_told_until_there_is_a_certificate_again(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    assert "not looked at yet" in str(certificate.fault())
    certificate.look()
    assert "tls.crt cannot be read: No such file or directory" in str(certificate.fault())
    put(tmp_path, p256())
    certificate.look()
    assert certificate.fault() is None
    (tmp_path / "tls.key").unlink()
    certificate.look()
    assert "tls.key cannot be read" in str(certificate.fault())


def test_one_that_has_ended_is_told(tmp_path: Path) -> None:
    put(tmp_path, p256(), days=-1)
    certificate = Certificate(tmp_path)
    certificate.look()
    assert re.search(r"has ended at \d{4}-.*Z: renew it", str(certificate.fault()))


@pytest.mark.parametrize("given", [{"envoy_tls_port": 8443}, {"envoy_tls_directory": "/etc/mercato/tls"}])
def test_port_and_folder_need_each_other(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="give both or none"):
        GatewaySettings(envoy_directory=tmp_path, **given)

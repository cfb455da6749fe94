"""Secrets are made once and kept from other eyes."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cli.credentials import Credentials
from services.customer.keys import load_keys


def test_the_same_folder_gives_the_same_secrets(tmp_path: Path) -> None:
    first = Credentials.of(tmp_path / "secrets")
    keys = {path.name: path.read_text() for path in (tmp_path / "secrets" / "signing-keys").iterdir()}
    assert Credentials.of(tmp_path / "secrets") == first
    assert {path.name: path.read_text() for path in (tmp_path / "secrets" / "signing-keys").iterdir()} == keys
    assert len(keys) == 1


def test_an_instance_that_signed_with_es256_goes_over_to_rs256_and_its_old_tokens_stay_good(tmp_path: Path) -> None:
    folder = tmp_path / "secrets" / "signing-keys"
    folder.mkdir(parents=True)
    old = ec.generate_private_key(ec.SECP256R1())
    (folder / "ffffffff.pem").write_bytes(old.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Credentials.of(tmp_path / "secrets")
    ring = load_keys(folder)
    assert ring.algorithms == ["RS256", "ES256"]
    assert ring.current.algorithm == "RS256"


def test_two_instances_share_no_secret(tmp_path: Path) -> None:
    one, other = Credentials.of(tmp_path / "one"), Credentials.of(tmp_path / "other")
    assert one.admin.password != other.admin.password
    assert not set(one.databases.values()) & set(other.databases.values())


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    Credentials.of(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)


def test_no_secret_shows_when_printed(tmp_path: Path) -> None:
    credentials = Credentials.of(tmp_path)
    assert credentials.admin.password not in repr(credentials)
    assert credentials.refresh_secret not in repr(credentials)

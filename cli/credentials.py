"""The secrets of one instance: made once, kept in `DATA/secrets` for the owner's eyes alone."""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cli.files import write_atomically
from cli.layout import DATABASES


@dataclass(frozen=True)
class Admin:
    """The first administrator's log-in."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    """Everything secret the local platform needs; `databases` maps a role (and `postgres`) to its password."""

    admin: Admin
    databases: dict[str, str] = field(repr=False)
    refresh_secret: str = field(repr=False)
    stripe_api_key: str = field(repr=False)
    stripe_webhook_secret: str = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> "Credentials":
        """Read the secrets in `folder`; those not there yet are made first."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_signing_key(folder / "signing-keys")
        admin = _kept(folder / "admin.json", {"email": "admin@mercato.example", "password": secrets.token_urlsafe(18)})
        passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", *DATABASES)}
        platform = _kept(
            folder / "platform.json",
            {
                **{f"database_{role}": password for role, password in passwords.items()},
                "refresh_secret": secrets.token_urlsafe(48),
                "stripe_api_key": f"sk_test_{secrets.token_hex(24)}",
                "stripe_webhook_secret": f"whsec_{secrets.token_hex(24)}",
            },
        )
        return cls(
            admin=Admin(**admin),
            databases={role: platform[f"database_{role}"] for role in passwords},
            refresh_secret=platform["refresh_secret"],
            stripe_api_key=platform["stripe_api_key"],
            stripe_webhook_secret=platform["stripe_webhook_secret"],
        )


def _kept(path: Path, fresh: dict[str, str]) -> dict[str, str]:
    """What the file says, completed by `fresh` (written back when something was missing)."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    merged = {**fresh, **known}
    if merged != known:
        write_atomically(path, json.dumps(merged, indent=2) + "\n", mode=0o600)
    return merged


def _make_signing_key(folder: Path) -> None:
    """An RS256 key (2048 bits, PKCS #8 PEM) for access tokens, if there is none.

    It signs before the ES256 keys that earlier versions made under names of hexadecimal digits.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "rs256.pem"
    if path.exists():
        return
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import, needed once
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomically(path, pem.decode(), mode=0o600)

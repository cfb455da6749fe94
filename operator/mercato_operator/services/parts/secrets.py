"""Passwords: made once, kept in a Secret, made anew when the annotation `mercato.dev/rotate` changes. Pure."""

import hashlib
import secrets
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mercato_operator.services.model import CommerceService
from mercato_operator.services.names import Object, metadata

ROTATED: Final = "mercato.dev/rotated"
"""On the Secret: what `mercato.dev/rotate` said when its password was made."""

_SALT: Final = "salt"
"""So that a digest of the password, which pods have as an annotation, says nothing to who cannot read the Secret."""


def fresh_password() -> str:
    """192 bits in hexadecimal: no file or command line takes a character of it for syntax."""
    return secrets.token_hex(24)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The Secret as it should be; `made`: its password is a new one."""

    content: Object = field(repr=False)
    made: bool


def wanted(
    service: CommerceService,
    name: str,
    username: str,
    live: Mapping[str, Any] | None,
    make: Callable[[], str] = fresh_password,
) -> Wanted:
    """`live` is the Secret as it is, None where there is none."""
    kept = None if live is None or _rotated(live) != service.rotate else password(live)
    content = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(service, name, annotations={ROTATED: service.rotate}),
        "type": "Opaque",
        "data": {
            "username": _encoded(username),
            "password": _encoded(kept or make()),
            _SALT: _encoded((live and _read(live, _SALT)) or secrets.token_hex(16)),
        },
    }
    return Wanted(content, made=not kept)


def password(secret: Mapping[str, Any]) -> str | None:
    """None where the Secret holds none that can be read."""
    return _read(secret, "password")


def generation(secret: Mapping[str, Any]) -> str:
    """Another one for each password, also one that somebody put there; tells nothing to who cannot read the Secret."""
    about = f"{_read(secret, _SALT)} {password(secret)}"
    return hashlib.sha256(about.encode()).hexdigest()[:16]


def _read(secret: Mapping[str, Any], key: str) -> str | None:
    try:
        return b64decode((secret.get("data") or {}).get(key) or "", validate=True).decode() or None
    except (Error, UnicodeDecodeError):
        return None


def _rotated(secret: Mapping[str, Any]) -> str:
    return str((secret["metadata"].get("annotations") or {}).get(ROTATED, ""))


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()

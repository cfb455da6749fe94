"""The life of a refresh token, without I/O.

A token is used once and followed by its successor (RFC 9700, section 4.14). A client whose answer was lost may ask
again for a short while and gets the same successor; after that, a second use means that someone has a copy.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

REPEAT_WINDOW = timedelta(seconds=10)


class Verdict(Enum):
    """What a presented token calls for."""

    ROTATE = auto()
    """First use: issue the successor."""
    REPEAT = auto()
    """Used a moment ago: issue the same successor again."""
    REVOKE = auto()
    """Used before: a copy is about, so the whole family ends."""
    REFUSE = auto()
    """Expired, or of a family that ended."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What is known of a presented token."""

    expires_at: datetime
    rotated_at: datetime | None
    family_revoked: bool


def judge(token: StoredToken, now: datetime) -> Verdict:
    """What to do with a token that was found."""
    if token.family_revoked:
        return Verdict.REFUSE
    if token.rotated_at is not None:
        return Verdict.REPEAT if now - token.rotated_at <= REPEAT_WINDOW else Verdict.REVOKE
    return Verdict.ROTATE if now < token.expires_at else Verdict.REFUSE


def new_token() -> str:
    """A fresh token, 256 random bits."""
    return secrets.token_urlsafe(32)


def successor(secret: bytes, token: str) -> str:
    """The one token that follows `token`: derived, so that it can be given twice though only its digest is stored."""
    return urlsafe_b64encode(hmac.digest(secret, token.encode(), "sha256")).decode().rstrip("=")


def digest(token: str) -> bytes:
    """What is stored of a token; its 256 bits of entropy need no salt."""
    return hashlib.sha256(token.encode()).digest()

"""Access tokens: JWTs (RFC 7519) that every service verifies by itself, with the published keys."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import jwt

from services.chassis.runtime.ids import new_id
from services.customer.keys import KeyRing
from services.customer.settings import CustomerSettings


class AccessTokens:
    """Issues tokens signed with the newest key."""

    def __init__(self, keys: KeyRing, settings: CustomerSettings) -> None:
        self._keys = keys
        self._settings = settings

    @property
    def seconds(self) -> int:
        """Life of a token."""
        return self._settings.access_token_seconds

    def issue(self, customer_id: UUID, email: str, name: str, roles: Sequence[str]) -> str:
        """A token for a customer, who may be trusted to be who they say."""
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self._settings.issuer,
            "sub": str(customer_id),
            "aud": self._settings.audience,
            "iat": now,
            "exp": now + self.seconds,
            "jti": str(new_id()),
            "email": email,
            "name": name,
            "roles": list(roles),
        }
        key = self._keys.current
        return jwt.encode(claims, key.private, key.algorithm, headers={"kid": key.kid})

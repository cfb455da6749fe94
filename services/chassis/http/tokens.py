"""Bearer tokens: every service verifies them itself (RFC 6750, RFC 7519) and trusts no identity header."""

import asyncio
import logging
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import jwt
from starlette.requests import Request

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.http.problems import Forbidden, Unauthorized, Unavailable
from services.chassis.runtime.tasks import stop
from services.chassis.texts.cards import holds_card_number
from services.chassis.texts.text import holds_control, salvaged

log = logging.getLogger(__name__)

ALGORITHMS = ["ES256", "RS256", "EdDSA", "PS256", "ES384", "RS384", "RS512"]
LEEWAY_SECONDS = 10
LONGEST_SUBJECT = 255
"""Characters (OpenID Connect Core 1.0, section 2)."""
LONGEST_NAME = 200
"""Characters of a person's name: as many as sign-up takes."""
_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE | re.ASCII)
"""RFC 6750, 2.1; the scheme in any case of letters and one or more blanks behind it (RFC 9110, 11.1 and 11.4)."""
_CACHE_SIZE = 10_000
_REFRESH_SECONDS = 300.0
_SOONEST_REFRESH = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=3.0)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request; `subject` is the customer's id, an opaque string.

    `name` is a text as any door takes it, "" where the token has none. `email` is what the token says, be it an address
    or not.
    """

    subject: str
    email: str
    name: str
    roles: frozenset[str]

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles


def require_admin(caller: Caller) -> None:
    """Raises Forbidden for anyone else."""
    if not caller.is_admin:
        raise Forbidden("Only an administrator may do this; log in with an account that has the role admin.")


def bearer_token(request: Request) -> str | None:
    """What stands behind the scheme; None without such credentials, or with more than one header of them."""
    given = request.headers.getlist("authorization")
    found = _CREDENTIALS.fullmatch(given[0]) if len(given) == 1 else None
    return None if found is None else found[1]


class Tokens:
    """Verifies tokens against the issuer's published keys, which it fetches when needed and keeps."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._fetch_failed = False
        self._fetching = asyncio.Lock()
        self._refresh: asyncio.Task[None] | None = None
        self._verified: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._refresh:
            await stop(self._refresh)
        await self._session.close()

    async def verify(self, request: Request) -> Caller:
        """The request's caller. Raises Unauthorized, or Unavailable while no key can be had."""
        token = bearer_token(request)
        if token is None:
            raise Unauthorized("Send a bearer token: Authorization: Bearer <access_token>.")
        known = self._verified.get(token)
        if known and known[0] > time.time():
            return known[1]
        expires, caller = await self._decode(token)
        # Not for longer than the keys are: one that is taken out of the set ends its tokens too.
        self._verified[token] = (min(expires, time.time() + _REFRESH_SECONDS), caller)
        if len(self._verified) > _CACHE_SIZE:
            self._verified.popitem(last=False)
        return caller

    async def _decode(self, token: str) -> tuple[float, Caller]:
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
            key = await self._key(kid)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthorized("The token has expired; refresh it or log in again.") from None
        except jwt.PyJWTError:
            raise Unauthorized("The token is not valid here; log in again.") from None
        subject = str(claims["sub"])
        if not 1 <= len(subject) <= LONGEST_SUBJECT or holds_control(subject):
            raise Unauthorized(
                f"The token's subject must have 1 to {LONGEST_SUBJECT} characters, none of them a control character."
            )
        roles = _claim(claims, self._settings.claim_roles)
        caller = Caller(
            subject=subject,
            email=_text(_claim(claims, self._settings.claim_email)),
            name=_name(_claim(claims, self._settings.claim_name)),
            roles=frozenset(role for role in (roles if isinstance(roles, list) else [roles]) if isinstance(role, str)),
        )
        return float(claims["exp"]), caller

    async def _key(self, kid: str) -> jwt.PyJWK:
        if kid not in self._keys:
            await self._fetch(_SOONEST_REFRESH)
        elif time.monotonic() - self._fetched_at > _REFRESH_SECONDS and not self._fetching.locked():
            # The keys we have serve on meanwhile, however long the answer takes.
            self._refresh = asyncio.create_task(self._fetch(_REFRESH_SECONDS), name="signing-keys")
        if kid in self._keys:
            return self._keys[kid]
        if self._fetch_failed:
            raise Unavailable("Tokens cannot be verified right now; try again in a moment.")
        raise Unauthorized("The token was signed with a key that is not known here; log in again.")

    async def _fetch(self, unless_younger: float) -> None:
        """Asks for the keys, unless that was done within so many seconds."""
        async with self._fetching:
            if time.monotonic() - self._fetched_at < unless_younger:
                return
            try:
                async with self._session.get(self._settings.jwks_url) as answer:
                    answer.raise_for_status()
                    keys = _usable(await answer.json(content_type=None))
            except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as error:
                log.warning("signing keys could not be fetched: %s", type(error).__name__)
                self._fetch_failed = True
            else:
                self._fetch_failed = False
                if keys.keys() != self._keys.keys():
                    self._verified.clear()
                self._keys = keys
            self._fetched_at = time.monotonic()


def _claim(claims: dict[str, Any], path: str) -> object:
    """The claim of this name, or else the one that the path leads to; None if there is none."""
    if path in claims:  # names of claims may be URLs, which hold dots (OpenID Connect Core 1.0, section 5.1.2)
        return claims[path]
    found: object = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _text(value: object) -> str:
    # A list of addresses, say, would be none that mail can go to.
    return value if isinstance(value, str) else ""


def _name(value: object) -> str:
    # Another issuer's sign-up may have other rules than ours, and whoever calls can do nothing about them.
    name = salvaged(_text(value), LONGEST_NAME)
    return "" if holds_card_number(name) else name


def _usable(document: object) -> dict[str, jwt.PyJWK]:
    """The keys of a set (RFC 7517) that we can use, by their ids. Raises ValueError or PyJWTError."""
    if not isinstance(document, dict):
        raise ValueError("not a key set")
    return {key.key_id or "": key for key in jwt.PyJWKSet.from_dict(document).keys}

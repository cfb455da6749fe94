"""Client of the issuer's JSON Web Key Set (RFC 7517)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, NoReturn

import aiohttp
import orjson

from services.chassis.retry import Attempts, Backoff, spread

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 30.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0)
# The public members of RSA, EC and OKP keys: a private part, served by mistake, goes no further.
_PUBLIC: Final = ("kty", "kid", "use", "alg", "crv", "n", "e", "x", "y")
_KINDS: Final = {"RSA", "EC", "OKP"}


class KeysUnavailableError(Exception):
    """The issuer gave no key; the text says why."""


def parse(payload: bytes) -> str:
    """The key set in a canonical form, public members only. Raises KeysUnavailableError when it holds no public key."""
    try:
        keys = orjson.loads(payload)["keys"]
        public = [_public(key) for key in keys if key.get("kty") in _KINDS and key.get("use", "sig") == "sig"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise KeysUnavailableError("the answer is no JSON Web Key Set") from None
    if not public:
        raise KeysUnavailableError("the key set holds no public key")
    public.sort(key=lambda key: orjson.dumps(key, option=orjson.OPT_SORT_KEYS))
    return orjson.dumps({"keys": public}, option=orjson.OPT_SORT_KEYS).decode()


def _public(key: dict[str, Any]) -> dict[str, str]:
    return {member: key[member] for member in _PUBLIC if isinstance(key.get(member), str)}


async def follow(url: str, on_keys: Callable[[str], None], refresh: float = REFRESH_SECONDS) -> NoReturn:
    """Calls `on_keys` with the key set after each successful fetch, for ever: soon until there is one, then steadily.

    The caller keeps the last key set while the issuer does not answer.
    """
    attempts = Attempts(Backoff(limit=1.0))
    async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as session:
        while True:
            try:
                on_keys(await _fetch(session, url))
                attempts.succeeded()
                pause = spread(refresh)
            except KeysUnavailableError as error:
                if not attempts.failing:
                    log.warning("the issuer's keys are not to be had, the last ones stay: %s", error)
                pause = attempts.failed()
            await asyncio.sleep(pause)


async def _fetch(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(url, headers={"accept": "application/json"}) as response:
            if response.status != 200:
                raise KeysUnavailableError(f"{url}: status {response.status}")
            return parse(await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise KeysUnavailableError(f"{url}: {error or type(error).__name__}") from None

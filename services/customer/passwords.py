"""Argon2id (RFC 9106) in a few threads of its own: hashing neither holds up the event loop nor fills the memory."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from services.chassis.http.problems import Unavailable

T = TypeVar("T")

# OWASP's second recommendation (Password Storage Cheat Sheet): 19 MiB, two passes, one lane; about 25 ms of one core.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1


class Passwords:
    """Hashes and verifies at most `threads` at a time; up to `queue` more wait, and the next is refused."""

    def __init__(self, threads: int, queue: int, *, memory_kib: int = _MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(_PASSES, memory_kib, _LANES, type=Type.ID)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + queue
        # Verified against when there is no such account, so that the answer takes as long as for one that exists.
        self._nobody = self._hasher.hash("nobody")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """The encoded hash, with its parameters and salt in it. Raises Unavailable."""
        return await self._in_thread(lambda: self._hasher.hash(_normal(password)))

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Whether `password` is the one; for None, after the same time, False. Raises Unavailable."""
        right = await self._in_thread(lambda: self._verify(encoded or self._nobody, _normal(password)))
        return right and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._room <= 0:
            raise Unavailable("Too many people are logging in at this moment; try again in a second.")
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._room += 1


def _normal(password: str) -> str:
    # One spelling for what looks the same: keyboards compose accents differently (NIST SP 800-63B, section 3.1.1.2).
    return unicodedata.normalize("NFKC", password)

"""Idempotency keys: the first result of each is kept, and given again to whoever sends the key again.

Source: https://docs.stripe.com/api/idempotent_requests
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tryout.simulator import objects
from tryout.simulator.errors import ApiError, KeyInUse, KeyReused
from tryout.simulator.ledger import Ledger
from tryout.simulator.requests import Command


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer. `original` is the request that got it first, where this one only repeats its key."""

    status: int
    body: dict[str, Any]
    original: str | None = None


class Keys:
    """The kept results, and the keys that are in use in this process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._under_way: set[str] = set()

    @contextmanager
    def alone(self, command: Command) -> Iterator[None]:
        """Raises KeyInUse while another call of the key is at work in this process."""
        if command.key in self._under_way:
            raise KeyInUse
        self._under_way.add(command.key)
        try:
            yield
        finally:
            self._under_way.discard(command.key)

    async def replayed(self, command: Command) -> Outcome | None:
        """The key's first result, None when it has none. Raises KeyReused and KeyInUse."""
        first = await self._ledger.first_result(command.key)
        if first is None:
            return None
        if first.fingerprint != command.fingerprint:
            raise KeyReused
        if first.status is None or first.snapshot is None:
            raise KeyInUse
        original = first.request_id or ""
        if first.kind == "error":
            return Outcome(first.status, first.snapshot, original)
        if first.kind == "refund":
            return Outcome(200, objects.refund(first.snapshot), original)
        return Outcome(200, objects.intent(first.snapshot, command.expand), original)

    async def refused(self, command: Command, error: ApiError) -> Outcome:
        """Keeps the refusal, as a result like any other."""
        await self._ledger.keep_error(command, error.status, error.body)
        return Outcome(error.status, error.body)

    async def answer_instead(self, command: Command, error: ApiError) -> Outcome:
        """Keeps the error in place of what the call came to."""
        await self._ledger.answer_instead(command.key, error.status, error.body)
        return Outcome(error.status, error.body)

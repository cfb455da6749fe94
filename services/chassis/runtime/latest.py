"""The newest of something, for those who read it now and those who follow it."""

import asyncio
import operator
from collections.abc import AsyncGenerator, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Holds one value; None until there is one. `same` tells whether a new one is worth telling."""

    def __init__(self, same: Callable[[T, T], object] = operator.eq) -> None:
        self._same = same
        self._changed = asyncio.Event()
        self.value: T | None = None

    def put(self, value: T) -> bool:
        """Answers whether it differs from the one before."""
        if self.value is not None and self._same(value, self.value):
            return False
        self.value = value
        self._changed.set()
        self._changed = asyncio.Event()
        return True

    async def changes(self) -> AsyncGenerator[T, None]:
        """The value as soon as there is one, then the newest after each change; a slow reader skips those between."""
        seen: T | None = None
        while True:
            changed = self._changed
            if self.value is None or self.value is seen:
                await changed.wait()
                continue
            seen = self.value
            yield seen

"""A folder that is read again whenever it changes."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from watchfiles import Change, awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

from services.chassis.tasks import essential, stop

log = logging.getLogger(__name__)

Reread = Callable[[], Awaitable[None]]


class WatchedFolder:
    """While entered, `reread` is called at a change of `folder`, and every `every` seconds besides.

    Not every file system sends notices, and the folder need not be there yet. The first call is over when the block
    begins. Changes within `settle` seconds are one. With `only`, notices of files of other names are passed over.
    """

    def __init__(self, folder: Path, reread: Reread, *, every: float, settle: float, only: str | None = None) -> None:
        self._folder = folder
        self._reread = reread
        self._every = every
        self._settle = settle
        self._only = only
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._reread()
        self._task = essential(self._watch(), f"watch of {self._folder}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)

    async def _watch(self) -> None:
        told = ""
        while True:
            if await asyncio.to_thread(self._folder.is_dir):
                try:
                    await self._follow()
                except (OSError, WatchfilesRustInternalError) as error:  # as when the machine has no watch to give
                    if told != (told := str(error)):
                        log.warning("%s is read every %g s only: %s", self._folder, self._every, error)
            await asyncio.sleep(self._every * random.uniform(0.8, 1))  # noqa: S311 - spreads reads, guards nothing
            await self._reread()

    async def _follow(self) -> None:
        async for _ in awatch(
            self._folder,
            watch_filter=self._concerns,
            debounce=round(self._settle * 1000),
            step=20,
            rust_timeout=round(self._every * 1000),
            yield_on_timeout=True,
            recursive=False,
        ):
            await self._reread()
            if not await asyncio.to_thread(self._folder.is_dir):
                return  # one that comes in its place is another folder

    def _concerns(self, _change: Change, path: str) -> bool:
        return self._only is None or Path(path).name == self._only

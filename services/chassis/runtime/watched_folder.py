"""When to look at a folder again."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from watchfiles import Change, awatch

from services.chassis.retry import spread
from services.chassis.runtime.tasks import essential, stop

log = logging.getLogger(__name__)


async def looks(
    folder: Path, *, every: float = 1.5, settle: float = 0.1, only: str | None = None
) -> AsyncGenerator[None, None]:
    """At once, after each change in the folder itself, and every `every` seconds besides; for ever.

    Not every file system sends notices, and the folder need not be there. Changes within `settle` seconds are one. With
    `only`, notices of files of other names are passed over.
    """

    def concerns(_change: Change, path: str) -> bool:
        return only is None or Path(path).name == only

    told = ""
    while True:
        yield
        try:
            async for _ in awatch(
                folder,
                watch_filter=concerns,
                debounce=round(settle * 1000),
                step=100,
                rust_timeout=round(every * 1000),
                yield_on_timeout=True,
                recursive=False,
            ):
                told = ""
                yield
                if not await asyncio.to_thread(folder.is_dir):
                    break  # one that comes in its place is another folder
        except (OSError, RuntimeError) as error:  # it is not there, or the machine has no more watches to give
            if told != (told := str(error)):  # one line for each outage
                log.warning("the folder %s cannot be watched: %s", folder, error)
        await asyncio.sleep(spread(every))


class WatchedFolder:
    """While entered, `reread` is called at each of `looks`; the first call is over when the block begins."""

    def __init__(
        self,
        folder: Path,
        reread: Callable[[], Awaitable[None]],
        *,
        every: float,
        settle: float,
        only: str | None = None,
    ) -> None:
        self._folder = folder
        self._reread = reread
        self._looks = looks(folder, every=every, settle=settle, only=only)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._reread()
        self._task = essential(self._follow(), f"watch of {self._folder}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await stop(self._task)

    async def _follow(self) -> None:
        async with aclosing(self._looks) as each:
            async for _ in each:
                await self._reread()

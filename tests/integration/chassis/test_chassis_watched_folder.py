"""A folder that is read again whenever it changes, and now and then besides."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from services.chassis.runtime.watched_folder import WatchedFolder


@asynccontextmanager
async def watched(folder: Path, *, every: float, only: str | None = None) -> AsyncIterator[asyncio.Queue[list[str]]]:
    """Each reading: the names that were in the folder."""
    readings: asyncio.Queue[list[str]] = asyncio.Queue()

    def names() -> list[str]:
        return sorted(path.name for path in folder.glob("*"))

    async def read() -> None:
        readings.put_nowait(names())

    async with asyncio.timeout(20), WatchedFolder(folder, read, every=every, settle=0.02, only=only):
        assert readings.qsize() == 1, "it is read before the block begins"
        yield readings


async def saw(readings: asyncio.Queue[list[str]], names: list[str]) -> None:
    while await readings.get() != names:
        pass


async def test_a_change_is_read_long_before_the_next_regular_reading(tmp_path: Path) -> None:
    async with watched(tmp_path, every=600) as readings:
        await saw(readings, [])
        for number in itertools.count():  # the first may be there before the watch is
            (tmp_path / f"{number}").write_text("")
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    assert await readings.get()
                    break


async def test_it_is_read_without_any_notice(tmp_path: Path) -> None:
    async with watched(tmp_path, every=0.1, only="nothing of this name") as readings:
        (tmp_path / "a").write_text("")
        await saw(readings, ["a"])


async def test_a_folder_may_come_later_go_and_come_again(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    async with watched(folder, every=0.2) as readings:
        await saw(readings, [])
        for name in ("first", "second"):
            folder.mkdir()
            (folder / name).write_text("")
            await saw(readings, [name])
            folder.rename(tmp_path / f"gone-{name}")
            await saw(readings, [])

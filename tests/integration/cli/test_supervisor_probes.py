"""When a running process counts as not ready."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from cli.supervisor.keeper import Keeper
from cli.supervisor.logs import Logs
from cli.supervisor.progress import Event
from cli.supervisor.records import Records
from cli.supervisor.spec import ProcessSpec
from cli.supervisor.table import ProcessTable


class Told:
    """Keeps what the supervisor tells."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)


async def test_a_process_that_misses_one_probe_stays_ready_and_one_that_misses_two_does_not(tmp_path: Path) -> None:
    reasons: Iterator[str | None] = iter([None, None, "busy", None, "busy", "busy", None])
    seen: list[bool] = []
    all_asked = asyncio.Event()

    async def probe() -> str | None:
        seen.append(table["app"].ready)
        reason = next(reasons, "over")
        if reason == "over":
            all_asked.set()
            await asyncio.Event().wait()
        return reason

    (tmp_path / "log").mkdir()
    told = Told()
    table = ProcessTable(tmp_path / "processes.json")
    spec = ProcessSpec("app", "app", ["sleep", "60"], {"PATH": "/usr/bin:/bin"}, probe, 1, poll_every=0.01)
    keeper = Keeper(spec, table, Records(tmp_path), Logs(tmp_path / "log"), told)
    keeping = asyncio.create_task(keeper.keep())
    try:
        async with asyncio.timeout(20):
            await all_asked.wait()
    finally:
        await keeper.stop()
        await keeping
    assert told.events == [], "it was never started again"
    #               start  first  again  miss  good  miss  two misses  good
    assert seen == [False, True, True, True, True, True, False, True]

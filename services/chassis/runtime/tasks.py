"""Background tasks that live as long as their service."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any, NoReturn

log = logging.getLogger(__name__)

# EX_SOFTWARE of sysexits(3).
DIED = 70
AGAIN_SECONDS = 5.0
"""A task that has not ended so long after it was cancelled is cancelled again."""


def essential(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Runs `work` as a task. A failure it does not handle itself ends the process, which is then started anew.

    A task that died unseen would leave its work undone in a process that looks alive.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_ended)
    return task


async def stop(*tasks: asyncio.Task[None]) -> None:
    """Cancels, as often as it takes, and waits for the end.

    A task that is cancelled in the middle of a query may get the query's own error in place of the cancellation; one
    that handles errors and tries again would never end.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        die(f"{task.get_name()} died", error)


def die(message: str, error: BaseException) -> NoReturn:
    """Ends the process at once; the log says why."""
    log.critical(message, exc_info=error)
    logging.shutdown()
    os._exit(DIED)

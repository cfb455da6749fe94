"""When to look at a folder again."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

from watchfiles import awatch

log = logging.getLogger(__name__)

_LOOK_ANYWAY_MILLISECONDS: Final = 1500
"""A look after so long without an event: some mounts send none."""
_TRY_AGAIN_SECONDS: Final = 1.0


async def looks(folder: Path) -> AsyncGenerator[None, None]:
    """At once, after each change in the folder, and now and then without one; for ever, whether or not it exists."""
    failed = False
    while True:
        yield
        try:
            async for _ in awatch(
                folder, rust_timeout=_LOOK_ANYWAY_MILLISECONDS, yield_on_timeout=True, debounce=100, step=20
            ):
                failed = False
                yield
        except (FileNotFoundError, OSError, RuntimeError) as error:
            if not failed:  # one line for each outage
                log.warning("the folder %s cannot be watched: %s", folder, error)
            failed = True
        await asyncio.sleep(_TRY_AGAIN_SECONDS)

"""A discovery facade on a port of its own, and the process table it reads."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from services.discovery.app import build
from services.discovery.settings import DiscoverySettings
from tests.support.ports import free_port
from tests.support.serving import served


@dataclass(frozen=True)
class RunningDiscovery:
    """The service's base URL, a client for it, and the table it reads."""

    url: str
    http: aiohttp.ClientSession
    table: Path

    def write(self, *processes: dict[str, Any]) -> None:
        """The table, put in place by renaming as the supervisor does."""
        draft = self.table.with_suffix(".draft")
        draft.write_text(json.dumps({"processes": processes}))
        draft.rename(self.table)


@pytest_asyncio.fixture
async def discovery(tmp_path: Path) -> AsyncIterator[RunningDiscovery]:
    port, table = free_port(), tmp_path / "processes.json"
    settings = DiscoverySettings(process_table=table, heartbeat_seconds=1, host="127.0.0.1", port=port)
    async with (
        served(build(settings), port) as url,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http,
    ):
        yield RunningDiscovery(url, http, table)

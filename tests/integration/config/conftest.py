"""A config service on a port of its own, and its folder of manifests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest_asyncio

from services.config.app import build
from services.config.settings import ConfigSettings
from tests.support.ports import free_port
from tests.support.serving import served


@dataclass(frozen=True)
class RunningConfig:
    """The service's base URL, a client for it, and the folder it reads."""

    url: str
    http: aiohttp.ClientSession
    folder: Path

    def write(self, name: str, *lines: str) -> None:
        """A labelled ConfigMap with these lines as its data, put in place by renaming."""
        head = f'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  labels: {{mercato.dev/config: "true"}}\n'
        self.write_text(f"{name}.yaml", head + "data:\n" + "".join(f"  {line}\n" for line in lines))

    def write_text(self, file: str, text: str) -> None:
        draft = self.folder / ".draft"
        draft.write_text(text)
        draft.rename(self.folder / file)


@pytest_asyncio.fixture
async def config(tmp_path: Path) -> AsyncIterator[RunningConfig]:
    folder, port = tmp_path / "manifests", free_port()
    folder.mkdir()
    settings = ConfigSettings(config_directory=folder, heartbeat_seconds=1, host="127.0.0.1", port=port)
    async with (
        served(build(settings), port) as url,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http,
    ):
        yield RunningConfig(url, http, folder)

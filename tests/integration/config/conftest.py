"""A config service on a port of its own, and its folder of manifests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import uvicorn

from services.config.app import build
from services.config.settings import ConfigSettings
from tests.support.absent import Absent
from tests.support.ports import free_port
from tests.support.spring.comparing import Spring, spring


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
    server = uvicorn.Server(
        uvicorn.Config(build(settings), host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=2)
    )
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        yield RunningConfig(f"http://127.0.0.1:{port}", http, folder)
    server.should_exit = True
    await task


@pytest.fixture(scope="session")
def theirs() -> Iterator[Spring]:
    """Spring's config server and client."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(spring())
        except Absent as absent:
            pytest.skip(f"Spring's programs cannot be built: {absent}")
        yield running

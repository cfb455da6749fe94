"""Both config servers on the same documents."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.config.app import build
from services.config.settings import ConfigSettings
from tests.support.serving import served
from tests.support.spring.answers import Answers, answers
from tests.support.spring.documents import Documents, lay_files, lay_manifests
from tests.support.spring.shop import ConfigClient, ConfigQuery, ConfigServer


@dataclass(frozen=True, slots=True)
class Spring:
    """Spring's config server, the folder it reads, and Spring's client."""

    server: ConfigServer
    folder: Path
    client: ConfigClient

    async def answers(self, documents: Documents, query: ConfigQuery) -> Answers:
        lay_files(documents, self.folder)
        return await answers(self.server.url, query, self.client)


@contextmanager
def spring() -> Iterator[Spring]:
    """Both programs run until the end of the block. Raises Absent."""
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as name:
        folder = Path(name)
        with ConfigClient() as client, ConfigServer(folder) as server:
            yield Spring(server, folder, client)


@asynccontextmanager
async def ours(documents: Documents) -> AsyncIterator[str]:
    """The URL of our config service on a directory of these documents."""
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as name:
        lay_manifests(documents, Path(name))
        async with served(build(ConfigSettings(config_directory=Path(name), heartbeat_seconds=1))) as url:
            yield url


async def our_answers(documents: Documents, query: ConfigQuery, client: ConfigClient) -> Answers:
    """What our service tells the same client."""
    async with ours(documents) as url:
        return await answers(url, query, client)

"""One real API server for these tests; each test has a namespace of its own, and users with their rights alone."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from tests.support.administrator import Administrator
from tests.support.api_server import ADMINISTRATORS, ApiServer, opened, programs


@pytest.fixture(scope="session")
def api() -> Iterator[ApiServer]:
    """Tests that stop it leave it running."""
    found = programs()
    if isinstance(found, str):
        pytest.skip(found)
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as folder:
        yield from opened(Path(folder), found)


@pytest.fixture
async def admin(api: ApiServer) -> AsyncIterator[Administrator]:
    async with Administrator(api.kubeconfig("admin", ADMINISTRATORS)) as administrator:
        yield administrator


@dataclass(frozen=True)
class Users:
    """Whose kubeconfig the code under test uses."""

    api: ApiServer
    monkeypatch: pytest.MonkeyPatch

    def become(self, user: str) -> None:
        """From now on, in this test, who connects is `user`."""
        self.monkeypatch.setenv("KUBECONFIG", str(self.api.kubeconfig(user)))


@pytest.fixture
def users(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Users:
    return Users(api, monkeypatch)


@pytest.fixture
async def namespace(admin: Administrator) -> str:
    """A new one. Nothing here could delete it; it goes with the server."""
    return await new_namespace(admin)


async def new_namespace(admin: Administrator, **labels: str) -> str:
    name = f"test-{uuid4().hex[:12]}"
    await admin.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    return name


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), trust_env=False) as session:
        yield session

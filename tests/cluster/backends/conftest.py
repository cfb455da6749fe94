"""One real API server for these tests; each test has a namespace of its own, and users with their rights alone."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import yaml

from services.gateway.settings import GatewaySettings
from tests.cluster.backends.gateway_objects import API
from tests.support.administrator import Administrator, Object
from tests.support.api_server import ADMINISTRATORS, ApiServer, for_a_fixture, gateway_definitions
from tests.support.serving import until

OWN_DEFINITION = Path(__file__).parents[3] / "operator" / "crds" / "gatewaypolicy.yaml"
KINDS = ("gatewayclasses", "gateways", "httproutes", "referencegrants")


@pytest.fixture(scope="session")
def api() -> Iterator[ApiServer]:
    """Tests that stop it leave it running."""
    yield from for_a_fixture()


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


@pytest.fixture(scope="session")
def definitions() -> list[Object]:
    folder = gateway_definitions()
    if isinstance(folder, str):
        pytest.skip(folder)
    paths = [*(folder / f"{API}_{kind}.yaml" for kind in KINDS), OWN_DEFINITION]
    return [yaml.safe_load(path.read_text()) for path in paths]


@pytest.fixture
async def kinds(admin: Administrator, definitions: list[Object]) -> None:
    """The API server knows the kinds."""
    for definition in definitions:
        await established(admin, definition)


async def established(admin: Administrator, definition: Object) -> None:
    """Puts a definition in place and waits until its objects are taken."""
    await admin.put(definition)

    async def holds() -> bool:
        found = (await admin.get(definition)).get("status", {}).get("conditions") or []
        return any(one["type"] == "Established" and one["status"] == "True" for one in found)

    await until(holds, 30)


@pytest.fixture
def settings(tmp_path: Path, namespace: str) -> Callable[..., GatewaySettings]:
    def make(**changes: Any) -> GatewaySettings:
        given = {
            "source": "kubernetes",
            "namespace": namespace,
            "envoy_directory": tmp_path / "envoy",
            "discovery_url": "http://127.0.0.1:9",
            "jwks_url": "http://127.0.0.1:9/jwks.json",
        }
        return GatewaySettings(**{**given, **changes})

    return make

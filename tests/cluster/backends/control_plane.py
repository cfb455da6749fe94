"""The gateway's control plane as it runs in a test, and what it tells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.gateway.app import build
from services.gateway.settings import GatewaySettings
from tests.support.administrator import Administrator, Object
from tests.support.serving import served, until


@dataclass(frozen=True)
class ControlPlane:
    """The running control plane and what it sees."""

    url: str
    http: aiohttp.ClientSession
    admin: Administrator
    namespace: str
    envoy: Path

    async def table(self) -> Any:
        async with self.http.get(f"{self.url}/routes") as response:
            return await response.json()

    async def paths(self) -> list[str]:
        return sorted(line["path"]["value"] for line in (await self.table())["routes"])

    async def line(self, path: str) -> Any:
        return next((one for one in (await self.table())["routes"] if one["path"]["value"] == path), None)

    async def conditions(self, found: Object) -> dict[str, Any]:
        """Those of an object, or of a route's only parent, by type."""
        status = (await self.admin.get(found)).get("status", {})
        if found["kind"] == "HTTPRoute":
            status = status["parents"][0] if status.get("parents") else {}
        return {one["type"]: one for one in status.get("conditions", [])}

    async def tells(self, found: Object, kind: str, reason: str, seconds: float = 5) -> Object:
        """Waits for a condition to have that reason."""

        async def told() -> bool:
            return bool((await self.conditions(found)).get(kind, {}).get("reason") == reason)

        try:
            await until(told, seconds)
        except TimeoutError:
            pytest.fail(f"{kind} {reason} is not in {await self.conditions(found)}")
        condition: Object = (await self.conditions(found))[kind]
        return condition


@asynccontextmanager
async def running(
    settings: GatewaySettings, http: aiohttp.ClientSession, admin: Administrator
) -> AsyncIterator[ControlPlane]:
    async with served(build(settings)) as url:
        yield ControlPlane(url, http, admin, settings.own_namespace, settings.envoy_directory)

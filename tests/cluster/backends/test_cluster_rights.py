"""The rights that the chart gives are those that are used: each of them, and no other.

Every part that speaks to the API server runs under the chart's own account and roles, with the chart's settings; the
server's audit log tells what it asked for.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes.config import incluster_config
from mercato_operator.jobs.setup.__main__ import main as setup

from services.config.app import build as config
from services.config.settings import ConfigSettings
from services.discovery.app import build as discovery
from services.discovery.settings import DiscoverySettings
from services.gateway.app import build as gateway
from services.gateway.settings import GatewaySettings
from tests.cluster.backends.chart_release import RIGHTS, Release, render
from tests.cluster.backends.conftest import new_namespace
from tests.support.administrator import Administrator, Object
from tests.support.api_server import ApiServer
from tests.support.serving import served, until
from tests.unit.chart.chart_objects import named, of_kind

Install = Callable[..., Awaitable[Release]]
NO_YAML = {"broken.yaml": "a: [\n", "application.yaml": "a: [\n"}


@pytest.fixture
def install(api: ApiServer, admin: Administrator, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Accounts and their rights, for values such as `gateway.source=kubernetes`."""

    async def installed(*values: str) -> Release:
        release = Release(api, admin, monkeypatch, namespace, render(namespace, *values))
        await release.put(*RIGHTS)
        return release

    return installed


@pytest.fixture
def control_plane(tmp_path: Path) -> Callable[[], GatewaySettings]:
    def settings() -> GatewaySettings:
        nowhere = "http://127.0.0.1:9"
        return GatewaySettings(envoy_directory=tmp_path, discovery_url=nowhere, jwks_url=nowhere)

    return settings


async def test_of_config(install: Install, admin: Administrator, namespace: str) -> None:
    more = await new_namespace(admin)
    release = await install(f"config.namespaces={{{more}}}")
    for place in (namespace, more):
        metadata = {"name": "order", "namespace": place, "labels": {"mercato.dev/config": "true"}}
        await admin.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": NO_YAML})
    await release.become("config", "config")
    async with served(config(ConfigSettings())):
        await release.uses_its_rights("config")


async def test_of_discovery(install: Install) -> None:
    release = await install()
    await release.become("discovery", "discovery")
    async with served(discovery(DiscoverySettings())):
        await release.uses_its_rights("discovery")


async def test_of_the_gateway_with_routes_in_a_configmap(
    install: Install, admin: Administrator, control_plane: Callable[[], GatewaySettings]
) -> None:
    release = await install()
    routes = named(release.objects, "ConfigMap", "gateway-routes")
    await admin.put({**routes, "data": {**routes["data"], **NO_YAML}})
    await release.become("gateway", "control-plane")
    async with served(gateway(control_plane())):
        await release.uses_its_rights("gateway")


@pytest.mark.usefixtures("kinds")
async def test_of_the_gateway_with_routes_as_objects_which_are_all_accepted(
    install: Install, admin: Administrator, control_plane: Callable[[], GatewaySettings]
) -> None:
    release = await install("gateway.source=kubernetes")
    shipped = ("GatewayClass", "Gateway", "HTTPRoute", "GatewayPolicy")
    await release.put("Service", *shipped)
    await release.become("gateway", "control-plane")
    async with served(gateway(control_plane())):
        await release.uses_its_rights("gateway")

        async def faulty() -> list[str]:
            return [
                f"{each['kind']}/{each['metadata']['name']}"
                for each in of_kind(release.objects, *shipped)
                if not holds((await admin.get(each)).get("status", {}))
            ]

        async def accepted() -> bool:
            return not await faulty()

        try:
            await until(accepted)
        except TimeoutError:
            pytest.fail(f"not accepted: {await faulty()}")


def holds(status: Object) -> bool:
    """Whether there are conditions, and all of them are True."""
    told = [*status.get("conditions", []), *(one for part in status.get("parents", []) for one in part["conditions"])]
    return {one["status"] for one in told} == {"True"}


async def test_of_the_setup_job(
    api: ApiServer, install: Install, admin: Administrator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = await install()
    await release.become("mercato-setup", "setup")
    mounted = tmp_path / "token"
    mounted.write_text(await admin.token(release.namespace, "mercato-setup"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(urlsplit(api.url).port))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(mounted))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(api.authority))
    await asyncio.to_thread(setup)
    for name in json.loads(release.variables("mercato-setup", "setup")["MERCATO_SECRETS"]):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": release.namespace}}
        await admin.delete(secret)
        await admin.put(secret)  # without its keys, which are then put into it
    await asyncio.to_thread(setup)
    await release.uses_its_rights("mercato-setup")

"""Deployments whose pods report settings that wait for a restart are restarted, one at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from mercato_operator.services.restarts import RESTARTED_FOR, Restarts

from services.chassis.kube.client import Kubernetes
from services.chassis.kube.events import Recorder
from tests.cluster.operator_services.platform import Platform
from tests.support.administrator import Object
from tests.support.operator_feed import fed

IMAGE = "registry.example/service:1.0"


@dataclass
class Pods:
    """What the pods answer on their readiness path, by name of the Deployment."""

    port: int
    pending: dict[str, list[str]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


@pytest.fixture
async def pods() -> AsyncIterator[Pods]:
    async def readyz(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        found.asked.add(name)
        return web.json_response({"status": "ready", "restart_pending": found.pending.get(name, [])})

    app = web.Application()
    app.router.add_get("/{name}", readyz)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found = Pods(runner.addresses[0][1])
    yield found
    await runner.cleanup()


@dataclass(frozen=True)
class Cluster:
    platform: Platform
    pods: Pods

    async def deploy(self, name: str, *, labelled: bool = True) -> None:
        """A Deployment that is rolled out, and its pod."""
        probe = {"httpGet": {"path": f"/{name}", "port": self.pods.port}}
        container = {"name": "service", "image": IMAGE, "readinessProbe": probe}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        labels = {"mercato.dev/restart-on-config": "true"} if labelled else {}
        about = {"name": self.platform.name(name), "namespace": self.platform.namespace}
        spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {**about, "labels": labels},
            "spec": spec,
        }
        await self.platform.admin.put(deployment)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**about, "labels": {"app": name}}}
        await self.platform.admin.put({**pod, "spec": {"containers": [container]}})
        status = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}], "phase": "Running"}
        await self.platform.admin.put({**pod, "status": status}, status=True)
        await self.platform.roll_out(name)

    async def configure(self, **settings: str) -> None:
        """As an administrator changes a setting."""
        labels = {"mercato.dev/config": "true"}
        about = {"name": "application", "namespace": self.platform.namespace, "labels": labels}
        await self.platform.admin.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": settings})

    async def restarted(self, name: str) -> str | None:
        template: Object = (await self.platform.found("Deployment", name))["spec"]["template"]["metadata"]
        found: str | None = template.get("annotations", {}).get(RESTARTED_FOR)
        return found

    async def restarts(self, name: str) -> None:
        async def does() -> bool:
            return await self.restarted(name) is not None

        await self.platform.holds(does)

    async def asked(self, *names: str) -> None:
        """Each was asked since the list was emptied."""

        async def asked() -> bool:
            return self.pods.asked >= set(names)

        await self.platform.holds(asked)


@pytest.fixture
def cluster(platform: Platform, pods: Pods) -> Cluster:
    return Cluster(platform, pods)


@asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[None]:
    async with (
        Kubernetes("mercato-operator") as client,
        Recorder(client, "mercato-operator", once_in=600) as recorder,
        fed(Restarts(client, recorder, settle=0.05), [cluster.platform.namespace]),
    ):
        yield


async def test_one_after_the_other_and_only_those_that_wait(cluster: Cluster) -> None:
    for name in ("a", "b", "c"):
        await cluster.deploy(name)
    await cluster.deploy("unlabelled", labelled=False)
    cluster.pods.pending = {"a": ["currency"], "b": ["currency"], "unlabelled": ["currency"]}
    async with running(cluster):
        await cluster.configure(currency="EUR")
        await cluster.restarts("a")
        assert await cluster.restarted("b") is None, "a is not back yet"
        cluster.pods.pending["a"] = []
        await cluster.platform.roll_out("a")
        await cluster.restarts("b")
        cluster.pods.pending["b"] = []
        await cluster.platform.roll_out("b")
        cluster.pods.asked.clear()
        await cluster.configure(currency="USD")
        await cluster.asked("a", "b", "c")
        assert await cluster.restarted("c") is None
        assert await cluster.restarted("unlabelled") is None

        async def told() -> bool:
            events = await cluster.platform.admin.items(f"/api/v1/namespaces/{cluster.platform.namespace}/events")
            found = [each for each in events if each["reason"] == "RestartedForSettings"]
            return len(found) == 2 and all("currency" in each["message"] for each in found)

        await cluster.platform.holds(told)


async def test_a_restart_that_does_not_help_is_not_repeated_until_settings_change_again(cluster: Cluster) -> None:
    await cluster.deploy("a")
    cluster.pods.pending = {"a": ["currency"]}
    async with running(cluster):
        await cluster.configure(currency="EUR")
        await cluster.restarts("a")
        first = await cluster.restarted("a")
        cluster.pods.asked.clear()
        await cluster.platform.roll_out("a")
        await cluster.asked("a")
        assert await cluster.restarted("a") == first
        await cluster.configure(currency="USD")

        async def again() -> bool:
            return await cluster.restarted("a") != first

        await cluster.platform.holds(again)


async def test_one_that_does_not_come_up_keeps_the_others_as_they_are(cluster: Cluster) -> None:
    for name in ("a", "b"):
        await cluster.deploy(name)
    cluster.pods.pending = {"a": ["currency"], "b": ["currency"]}
    async with running(cluster):
        await cluster.configure(currency="EUR")
        await cluster.restarts("a")
    cluster.pods.asked.clear()
    async with running(cluster):  # a new process knows of it as well
        await cluster.configure(currency="EUR", other="1")
        await cluster.configure(currency="EUR")
        assert await cluster.restarted("b") is None
        assert cluster.pods.asked == set()
        cluster.pods.pending["a"] = []
        await cluster.platform.roll_out("a")
        await cluster.restarts("b")

"""Who may do everything in one namespace and nothing beyond can install the chart, in the modes that need no more."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cluster.backends.conftest import Users
from tests.support.administrator import Administrator
from tests.unit.chart.chart_objects import CHART, run

EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
OTHER = CHART / "ci" / "gateway-api-values.yaml"
Helm = Callable[..., CompletedProcess[str]]


@pytest.fixture
async def install(
    admin: Administrator, users: Users, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Helm:
    """`helm install` with these arguments, without the hooks, which no node is here to run."""
    await admin.grant("installer", namespace, EVERYTHING)
    users.become("installer")
    for home in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"HELM_{home}_HOME", str(tmp_path / home))

    def installed(*arguments: str) -> CompletedProcess[str]:
        return run("install", "mercato", str(CHART), "--namespace", namespace, "--no-hooks", *arguments)

    return installed


async def test_the_default_mode_without_the_definitions(install: Helm, admin: Administrator, namespace: str) -> None:
    done = install("--skip-crds")
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert "port-forward svc/gateway 8080:80" in notes
    assert "get gateway mercato" not in notes
    deployments = await admin.items(f"/apis/apps/v1/namespaces/{namespace}/deployments")
    assert "gateway" in {each["metadata"]["name"] for each in deployments}


@pytest.mark.usefixtures("kinds")
async def test_the_routes_for_another_implementation(install: Helm, admin: Administrator, namespace: str) -> None:
    done = install("--skip-crds", "--values", str(OTHER))
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert "get gateway mercato" in notes
    assert "svc/gateway" not in notes
    group = f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}"
    assert len(await admin.items(f"{group}/httproutes")) > 5
    (gateway,) = await admin.items(f"{group}/gateways")
    assert gateway["spec"]["gatewayClassName"] == "other"
    assert not await admin.items(f"/apis/mercato.dev/v1alpha1/namespaces/{namespace}/gatewaypolicies")


def test_with_the_definitions_it_takes_more_rights(install: Helm) -> None:
    done = install()
    assert done.returncode != 0
    assert "customresourcedefinitions" in done.stderr
    assert "forbidden" in done.stderr

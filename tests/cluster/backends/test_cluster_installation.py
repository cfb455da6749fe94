"""Who may do everything in one namespace and nothing beyond can install the chart, once its definitions are there."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from tests.cluster.backends.conftest import Users, established
from tests.support.administrator import Administrator
from tests.unit.chart.chart_objects import CHART, run

OWN_DEFINITIONS = sorted((CHART / "crds").glob("*.yaml"))
NO_MORE_RIGHTS = ("--skip-crds", "--set", "operator.definitions=false")
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


@pytest.fixture
async def own_kinds(admin: Administrator) -> None:
    """Somebody with more rights has put them there."""
    for path in OWN_DEFINITIONS:
        await established(admin, yaml.safe_load(path.read_text()))


@pytest.mark.usefixtures("own_kinds")
async def test_the_default_mode(install: Helm, admin: Administrator, namespace: str) -> None:
    done = install(*NO_MORE_RIGHTS)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert "port-forward svc/gateway 8080:80" in notes
    assert "get gateway mercato" not in notes
    deployments = await admin.items(f"/apis/apps/v1/namespaces/{namespace}/deployments")
    assert {"gateway", "operator"} <= {each["metadata"]["name"] for each in deployments}
    assert await admin.items(f"/apis/mercato.dev/v1alpha1/namespaces/{namespace}/ordertopics")


@pytest.mark.usefixtures("kinds", "own_kinds")
async def test_the_routes_for_another_implementation(install: Helm, admin: Administrator, namespace: str) -> None:
    done = install(*NO_MORE_RIGHTS, "--values", str(OTHER))
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

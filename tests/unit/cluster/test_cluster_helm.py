"""The Helm that `cluster up` puts on the PATH knows for which Kubernetes it was built, as Helm's own releases do."""

import subprocess

from cli.cluster.tools import HELM, KUBECTL, NODE
from tests.unit.chart.chart_objects import CHART, helm


def test_helm_is_built_for_the_kubernetes_that_is_pinned() -> None:
    major, minor, _ = NODE.version.removeprefix("v").split(".")
    for package in ("helm.sh/helm/v3/pkg/chartutil", "helm.sh/helm/v3/pkg/lint/rules"):
        assert f"-X {package}.k8sVersionMajor={major}" in HELM.linker_flags
        assert f"-X {package}.k8sVersionMinor={minor}" in HELM.linker_flags
    assert "k8sVersion" not in KUBECTL.linker_flags


def test_it_renders_and_lints_the_chart_without_being_told_a_version() -> None:
    told = subprocess.run([helm(), "version"], capture_output=True, text=True, timeout=60, check=True)
    if HELM.built:
        assert f'Version:"{HELM.version}"' in told.stdout
    for command in (["template", "mercato"], ["lint", "--strict"]):
        done = subprocess.run([helm(), *command, str(CHART)], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "[WARNING]" not in done.stdout

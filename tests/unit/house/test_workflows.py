"""The workflows are sound, pin what they use, and match what they rely on."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cli.cluster.tools import HELM
from tests.support.go_tools import ACTIONLINT, HELM_UNITTEST, go_tool
from tests.support.strimzi import VERSION as STRIMZI

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


def test_actionlint_has_no_complaint() -> None:
    # Without shellcheck and pyflakes, which may or may not be on this machine.
    command = [go_tool(ACTIONLINT), "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_jobs_end(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["defaults"] == {"run": {"shell": "bash"}}, "without it a pipe hides that its first command failed"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})", step.get("uses", "owner/action@v1"))


def test_the_release_finds_the_registry_it_replaces_in_the_chart() -> None:
    values = (ROOT / "charts" / "mercato" / "values.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^  registry: localhost$", values, re.MULTILINE) == ["  registry: localhost"]


def test_versions_are_those_that_the_tests_were_run_with() -> None:
    text = {path.stem: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    helms = re.findall(r"azure/setup-helm@.*\n *with:\n *version: (\S+)", "".join(text.values()))
    assert set(helms) == {HELM.version}
    assert len(helms) == "".join(text.values()).count("azure/setup-helm")
    assert re.findall(r"plugin install \S+/helm-unittest --version (\S+)", text["ci"]) == [
        HELM_UNITTEST.partition("@")[2]
    ]
    assert re.findall(r"STRIMZI_VERSION: (\S+)", text["kind"]) == [STRIMZI]
    assert f"--version {STRIMZI} " in (ROOT / "k8s" / "strimzi" / "values.yaml").read_text(encoding="utf-8")

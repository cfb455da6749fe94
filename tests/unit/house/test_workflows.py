"""The workflows are sound, pin what they use, and match what they rely on."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.go_tools import ACTIONLINT, go_tool

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
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})", step.get("uses", "owner/action@v1"))


def test_the_release_finds_the_registry_it_replaces_in_the_chart() -> None:
    values = (ROOT / "charts" / "mercato" / "values.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^  registry: localhost$", values, re.MULTILINE) == ["  registry: localhost"]

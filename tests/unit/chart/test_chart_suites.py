"""The chart's own suites, charts/mercato/tests, hold; and none of what tests it is in its package."""

import subprocess
import tarfile
from pathlib import Path

from tests.support.go_tools import HELM_UNITTEST, go_tool
from tests.unit.chart.chart_objects import CHART, run


def test_helm_unittest_passes_every_suite() -> None:
    command = [go_tool(HELM_UNITTEST), "--strict", str(CHART)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    suites = len(list(CHART.glob("tests/*_test.yaml")))
    assert f"{suites} passed, {suites} total" in done.stdout


def test_the_package_holds_the_chart_and_not_what_tests_it(tmp_path: Path) -> None:
    done = run("package", str(CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = {name.removeprefix("mercato/") for name in archive.getnames()}
    assert {"Chart.yaml", "values.schema.json", "README.md", "templates/tests/place-an-order.yaml"} <= names
    assert {"files/config/order.yaml", "files/topics/order.events.yaml"} <= names, "links are followed"
    assert not [name for name in names if name.startswith(("tests/", "ci/"))]

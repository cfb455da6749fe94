"""The chart as Helm renders it, and ways to walk through what comes out."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.cluster import tools
from cli.cluster.errors import ClusterError
from tests.support.once import contents, once

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts" / "mercato"
KUBERNETES = "1.34.0"
BUILD_SECONDS = 600.0
CASES = sorted([*CHART.glob("ci/*.yaml"), *CHART.glob("values-*.yaml")])
"""Every value file that comes with the chart."""
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob", "Pod")

Object = dict[str, Any]


@cache
def helm() -> str:
    """The project's own Helm, built when Go is there; else the one on the PATH; else the test says what is missing."""
    if not tools.HELM.built and shutil.which("go") is None:
        if found := shutil.which("helm"):
            return found
        pytest.skip("Helm is neither built nor on the PATH, and there is no Go to build it: install one of them")
    _build()
    return str(tools.HELM.program("helm"))


def _build() -> None:
    """Whoever builds at the same time, another worker of the tests perhaps, is waited for."""
    deadline = time.monotonic() + BUILD_SECONDS
    while not tools.HELM.built:
        try:
            tools.build(tools.HELM, lambda _line: None)
        except ClusterError as error:
            if "another command" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([helm(), *arguments], capture_output=True, text=True, timeout=120, check=False)


@cache
def rendered(*arguments: str) -> tuple[Object, ...]:
    """The objects of `helm template` with these arguments; without the API server's defaults."""
    command = ("template", "mercato", str(CHART), "--namespace", "shop", "--kube-version", KUBERNETES, *arguments)

    def text() -> str:
        done = run(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    files = [Path(path).read_text() for flag, path in pairwise(arguments) if flag in {"--values", "-f"}]
    text_of_all = once(json.dumps([helm(), contents(CHART), command, files]), text)
    return tuple(document for document in yaml.load_all(text_of_all, yaml.CSafeLoader) if document)


def case(path: Path) -> tuple[Object, ...]:
    return rendered("--values", str(path))


def refusal(*arguments: str) -> str:
    """What Helm says about values that it does not take."""
    done = run("template", "mercato", str(CHART), "--kube-version", KUBERNETES, *arguments)
    assert done.returncode != 0, "the values were taken"
    return done.stderr


def of_kind(objects: tuple[Object, ...], *kinds: str) -> list[Object]:
    return [each for each in objects if each["kind"] in kinds]


def name(each: Mapping[str, Any]) -> str:
    return str(each["metadata"]["name"])


def named(objects: tuple[Object, ...], kind: str, wanted: str) -> Object:
    (found,) = [each for each in of_kind(objects, kind) if name(each) == wanted]
    return found


def pods(objects: tuple[Object, ...]) -> Iterator[tuple[str, Object]]:
    """Name and pod of every workload; the pod has `metadata` and `spec`."""
    for each in of_kind(objects, *WORKLOADS):
        job = each["spec"].get("jobTemplate", each)
        yield name(each), each if each["kind"] == "Pod" else job["spec"]["template"]


def component(pod: Mapping[str, Any]) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/component"])


def containers(pod: Mapping[str, Any]) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def environment(container: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name; a Secret's as `name/key`."""
    found: dict[str, Any] = {}
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = f"{reference['name']}/{reference['key']}" if reference else variable.get("value")
    return found

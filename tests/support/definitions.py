"""Definitions of kinds that are not Kubernetes' own: from packages or generated, kept in the download cache."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from cli.layout import CHECKOUT, cache
from tests.support.go_modules import source_of
from tests.support.strimzi import VERSION as STRIMZI
from tests.support.strimzi import generate

Object = dict[str, Any]
GATEWAY_API = ("sigs.k8s.io/gateway-api@v1.6.1", "config/crd/standard")
"""A Go module, and its folder with the definitions: of the standard channel alone."""
PROMETHEUS = ("github.com/prometheus-operator/prometheus-operator@v0.85.0", "example/prometheus-operator-crd")
KEDA = ("github.com/kedacore/keda/v2@v2.21.0", "config/crd/bases")
OWN = CHECKOUT / "operator" / "crds"


def definitions() -> list[Object]:
    """Those of the kinds that the chart can render, and all of the project's own. Raises Absent."""
    chosen = {
        strimzi(): "*",
        from_go(*GATEWAY_API): "gateway.networking.k8s.io_*",
        from_go(*PROMETHEUS): "*_servicemonitors.yaml",
        from_go(*KEDA): "keda.sh_*",
        OWN: "*.yaml",
    }
    paths = [path for folder, pattern in chosen.items() for path in sorted(folder.glob(pattern))]
    read = [each for path in paths for each in yaml.load_all(path.read_text(), yaml.CSafeLoader)]
    return [each for each in read if each["kind"] == "CustomResourceDefinition"]


def from_go(module: str, folder: str) -> Path:
    """A copy of that folder of the module. Raises Absent."""

    def fill(target: Path) -> None:
        for path in (source_of(module) / folder).glob("*.yaml"):
            shutil.copyfile(path, target / path.name)  # without its mode: Go's cache is read-only

    return _once(cache() / "crds" / module.replace("/", "_"), fill)


def strimzi() -> Path:
    """Those of Strimzi's kinds that the project uses. Raises Absent."""
    return _once(cache() / "crds" / f"strimzi@{STRIMZI}", generate)


def _once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """`folder`, which appears whole or not at all."""
    if not folder.is_dir():
        unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
        unfinished.mkdir(parents=True, exist_ok=True)
        try:
            fill(unfinished)
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder

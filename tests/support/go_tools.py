"""Programs written in Go that tests need: built once into the download cache."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.layout import cache
from tests.support.absent import Absent
from tests.support.go_modules import go, source_of

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
HELM_UNITTEST = "github.com/helm-unittest/helm-unittest/cmd/helm-unittest@v1.1.2"
BUILD_SECONDS = 600.0


def go_tool(package: str) -> str:
    """The program of `package` (import path and version). Without Go, and not built yet: skips, and says so."""
    path, _, version = package.partition("@")
    module, _, name = path.partition("/cmd/")
    program = cache() / "go-tools" / f"{name}-{version}" / name
    if not program.exists():
        try:
            _build(source_of(f"{module}@{version}"), program)
        except Absent as absent:
            pytest.skip(f"{name} cannot be built: {absent}")
    return str(program)


def _build(source: Path, program: Path) -> None:
    """In the module's own folder, since `go install` takes none that replaces another."""
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_name(f".{program.name}.{os.getpid()}")
    command = [go(), "build", "-trimpath", "-buildvcs=false", "-o", str(unfinished), f"./cmd/{program.name}"]
    environment = {**os.environ, "CGO_ENABLED": "0"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True, timeout=BUILD_SECONDS)
    unfinished.rename(program)

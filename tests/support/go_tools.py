"""Programs written in Go that tests need: built once into the download cache."""

import os
import shutil
import subprocess

import pytest

from cli.layout import cache

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def go_tool(package: str) -> str:
    """The program of `package` (import path and version). Without Go, and not built yet: skips, and says so."""
    path, _, version = package.partition("@")
    folder = cache() / "go-tools" / f"{path.rpartition('/')[2]}-{version}"
    program = folder / path.rpartition("/")[2]
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            pytest.skip(f"{program.name} cannot be built without Go")
        environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
        subprocess.run([go, "install", package], env=environment, check=True, capture_output=True, timeout=300)
    return str(program)

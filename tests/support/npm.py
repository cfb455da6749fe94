"""Packages of npm that tests need, installed once into the download cache as their lock says."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from cli.layout import cache

INSTALL_SECONDS = 300.0


def installed(folder: Path) -> Path:
    """A copy of `folder` with its packages beside it. Without Node.js, npm or its registry: skips, and says so."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{folder.name} is left out: {program} is not installed")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    ready = cache() / "npm" / f"{folder.name}-{digest[:16]}"
    if not ready.exists():
        _install(files, ready)
    return ready


def _install(files: list[Path], ready: Path) -> None:
    """Whole or not at all, also when two tests do it at the same time."""
    ready.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=ready.parent, prefix=f".{ready.name}."))
    try:
        for file in files:
            shutil.copy(file, unfinished)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=unfinished, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        if done.returncode:
            pytest.skip(f"{ready.name} is left out: npm could not install it: {done.stderr.strip()[-200:]}")
        try:
            os.rename(unfinished, ready)
        except OSError:
            if not ready.exists():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)

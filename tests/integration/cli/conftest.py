"""A supervisor of small dummy processes, in a process of its own so that it can be killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli.supervised import ROOT, Running, Supervise


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    """Start a supervisor: `supervise("a", "b:a", "crashing!")`, each `name:need,need`; `!` exits, `?` is never ready,
    `~` ignores SIGTERM."""
    started: list[Running] = []

    def start(*parts: str) -> Running:
        (tmp_path / "diary").touch()
        started.append(launch("dummies.py", tmp_path, *parts))
        return started[-1]

    yield start
    for running in started:
        end(running)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Start PostgreSQL and Kafka on one data folder, again and again as one likes."""
    started: list[Running] = []

    def start() -> Running:
        started.append(launch("embedded.py", tmp_path))
        return started[-1]

    yield start
    for running in started:
        end(running)


def launch(script: str, data: Path, *words: str) -> Running:
    """A supervisor in a process of its own."""
    (data / "events").touch()
    seen = len((data / "events").read_text().splitlines())
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(script)), str(data), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return Running(process, data, seen)


def end(running: Running) -> None:
    if running.process.poll() is None:
        running.stop()

"""A supervisor at work in another process, and how to watch it."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30.0


def eventually(condition: Callable[[], Any], within: float = PATIENCE) -> Any:
    """The first true answer of `condition`; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)
    return answer


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie nobody reaps has)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@dataclass
class Running:
    """A supervisor at work in `data`; `lines` are its progress events."""

    process: subprocess.Popen[bytes]
    data: Path
    seen: int = 0
    """How many events an earlier supervisor had left in the data folder."""

    def row(self, name: str) -> dict[str, Any]:
        path = self.data / "processes.json"
        rows = json.loads(path.read_text())["processes"] if path.exists() else []
        return next((row for row in rows if row["name"] == name), {})

    def ready(self, name: str) -> int:
        """The pid of a process once it is ready."""
        return int(eventually(lambda: self.row(name).get("ready") and self.row(name)["pid"]))

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.data / "events").read_text().splitlines()]

    def diary(self) -> list[str]:
        """What the dummies wrote down: `<name> started` and `<name> stopped`, in order."""
        return (self.data / "diary").read_text().splitlines()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


Supervise = Callable[..., Running]

"""A platform of the tests' own: its own data folder, ports and processes, started by the command people use."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Platform:
    data: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mercato(self, *words: str, timeout: float = 240.0) -> "subprocess.CompletedProcess[str]":
        """Runs `./mercato …` on this platform."""
        return subprocess.run(
            [str(ROOT / "mercato"), *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | self.environment,
        )

    def up(self, *options: str) -> None:
        done = self.mercato("up", "--detach", "--port", str(self.port), *options)
        assert done.returncode == 0, done.stdout + done.stderr

    def down(self, *options: str) -> None:
        done = self.mercato("down", *options)
        assert done.returncode == 0, done.stdout + done.stderr

    def processes(self) -> dict[str, dict[str, Any]]:
        done = self.mercato("status", "--json")
        return {process["name"]: process for process in json.loads(done.stdout)["processes"]}

    def invariants(self) -> dict[str, Any]:
        done = self.mercato("invariants", "--json")
        assert done.stdout, done.stderr
        return dict(json.loads(done.stdout))

    def secret(self, name: str) -> dict[str, str]:
        return dict(json.loads((self.data / "secrets" / name).read_text()))

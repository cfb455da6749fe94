"""Go modules that tests take programs and definitions from."""

import json
import subprocess
from pathlib import Path

from cli.cluster.prerequisites import find
from tests.support.absent import Absent

TIMEOUT = 300.0


def go() -> str:
    """The program. Raises Absent."""
    found = find("go")
    if found is None:
        raise Absent("Go is not installed")
    return found


def source_of(module: str) -> Path:
    """The files of `module` (path and version), in Go's own cache, where nothing may be written. Raises Absent."""
    command = [go(), "mod", "download", "-json", module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, cwd="/", check=False)
    if done.returncode:
        raise Absent(f"{module} cannot be downloaded: {(done.stderr or done.stdout).strip()[-200:]}")
    return Path(json.loads(done.stdout)["Dir"])

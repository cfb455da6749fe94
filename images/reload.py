"""Runs a service of a development image and starts it again when its files change: `reload.py [ARGUMENTS]`.

/app is not writable; the service runs from a copy, which `skaffold dev` brings changed files to. Another command than
`serve` ends by itself and is just run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

SOURCE = Path("/app")
COPY = Path("/tmp/app")  # noqa: S108 - the pod's own folder
PERIOD = 0.5
GRACE = 20.0
"""Seconds a service may take to end."""


def snapshot(folder: Path) -> dict[Path, float]:
    """The Python files in `folder` and when each was changed."""
    found = {}
    for path in folder.rglob("*.py"):
        with contextlib.suppress(FileNotFoundError):
            found[path] = path.stat().st_mtime
    return found


class Reloader:
    """Keeps one process running, and starts it anew on `restart`; one that died waits for the next change."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()


def follow(folder: Path, reloader: Reloader) -> None:
    """Restart at each change, for ever."""
    before = snapshot(folder)
    while True:
        time.sleep(PERIOD)
        now = snapshot(folder)
        if now != before:
            before = now
            reloader.restart()


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] not in ([], ["serve"]):
        os.execv(sys.executable, [sys.executable, str(SOURCE), *arguments])  # noqa: S606
    # Compiled files are not checked against their sources in an image: they would hide every change.
    shutil.copytree(SOURCE, COPY, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    os.environ["PYTHONPATH"] = os.environ.get("PYTHONPATH", "").replace(str(SOURCE), str(COPY), 1)
    os.chdir(COPY)
    reloader = Reloader([sys.executable, str(COPY), *arguments])

    def end(_number: int, _frame: FrameType | None) -> None:
        reloader.stop()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    reloader.start()
    follow(COPY, reloader)


if __name__ == "__main__":
    main()

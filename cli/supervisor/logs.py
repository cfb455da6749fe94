"""The log files `DATA/log/<name>.log`: appended to by the processes themselves, bounded by the supervisor."""

import os
import shutil
from pathlib import Path

LIMIT = 32 * 1024 * 1024
"""Bytes after which a log moves to `<name>.log.1`, replacing the one there."""


class Logs:
    """One file per process. Processes write to it directly, so nothing is lost when the supervisor dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def rotate(self) -> None:
        """At the start of the platform: the last run's logs become `.log.1`."""
        for log in self._folder.glob("*.log"):
            log.replace(log.with_suffix(".log.1"))

    def open(self, name: str) -> int:
        """A descriptor for a process to append to (append mode lets `bound` cut the file under it)."""
        return os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def bound(self) -> None:
        """Move what grew over LIMIT out of the way; a line written in that instant may be lost."""
        for log in self._folder.glob("*.log"):
            if log.stat().st_size > LIMIT:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    def tail(self, name: str, lines: int = 10) -> list[str]:
        """The last lines of a process's log, empty when it wrote none."""
        path = self.path(name)
        if not path.exists():
            return []
        with path.open("rb") as handle:
            handle.seek(max(0, path.stat().st_size - 64 * 1024))
            return handle.read().decode(errors="replace").splitlines()[-lines:]

"""The process table `DATA/processes.json`: who runs, where, and whether it is ready.

Written by the supervisor in one step at each change; read by the discovery service and by every command.
"""

import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from cli.files import write_atomically

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Process:
    """One row. `pid` is None while the process is down; `restarts` counts since the platform was started."""

    name: str
    service: str
    pid: int | None
    host: str
    port: int
    metrics_port: int | None
    ready: bool
    restarts: int


class ProcessTable:
    """The supervisor's side: every change goes to the file. A full disk delays the file, never the supervisor."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Process] = {}
        self._behind = False

    def add(self, row: Process) -> None:
        self._rows[row.name] = row
        self._write()

    def change(self, name: str, **changes: object) -> None:
        """Set columns of one row; writes only when something changed."""
        row = replace(self._rows[name], **changes)  # type: ignore[arg-type]
        if row != self._rows[name]:
            self._rows[name] = row
            self._write()
        elif self._behind:
            self._write()

    def __getitem__(self, name: str) -> Process:
        return self._rows[name]

    def clear(self) -> None:
        self._rows.clear()
        self._write()

    def _write(self) -> None:
        rows = [asdict(row) for row in self._rows.values()]
        try:
            write_atomically(self._path, json.dumps({"processes": rows}, indent=1) + "\n")
        except OSError as error:
            self._behind = True
            log.warning("cannot write %s: %s", self._path, error)
        else:
            self._behind = False


def read_table(path: Path) -> list[Process]:
    """The rows as last written; `ready` only where the pid is alive, so that a killed supervisor deceives nobody."""
    if not path.exists():
        return []
    rows = [Process(**row) for row in json.loads(path.read_text())["processes"]]
    return [row if row.pid and is_alive(row.pid) else replace(row, pid=None, ready=False) for row in rows]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""Who was started: pids with their start times, so that what a killed supervisor left is found and nothing else."""

import json
import logging
import signal
import time
from pathlib import Path

import psutil

from cli.files import write_atomically

log = logging.getLogger(__name__)

NAME = "pids.json"
TOLERANCE = 2.0
"""Seconds by which two readings of one process's start time may differ (the clock may be set between them)."""
GRACE = 5.0


class Records:
    """The file `DATA/pids.json`: pid → start time in seconds since the epoch."""

    def __init__(self, data: Path) -> None:
        self._path = data / NAME
        self._started: dict[int, float] = {}

    def add(self, pid: int) -> None:
        try:
            self._started[pid] = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._write()

    def remove(self, pid: int) -> None:
        if self._started.pop(pid, None) is not None:
            self._write()

    def _write(self) -> None:
        try:
            write_atomically(self._path, json.dumps(self._started))
        except OSError as error:  # a full disk must not take the platform down; the kernel ends orphans anyway
            log.warning("cannot write %s: %s", self._path, error)


def stragglers(data: Path) -> list[psutil.Process]:
    """Processes on record that still live; a pid that someone else has by now is not among them."""
    path = data / NAME
    if not path.exists():
        return []
    found = []
    for pid, started in json.loads(path.read_text()).items():
        try:
            process = psutil.Process(int(pid))
            if abs(process.create_time() - started) < TOLERANCE and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def end_stragglers(data: Path) -> int:
    """End what a killed supervisor left behind; returns how many there were."""
    left = stragglers(data)
    for process in left:
        _send(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(left, timeout=GRACE)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=GRACE)
    (data / NAME).unlink(missing_ok=True)
    return len(left)


def wait_until_gone(pids: list[int], timeout: float) -> list[int]:
    """Wait for processes that may not be our children; returns those still there after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while (left := [pid for pid in pids if psutil.pid_exists(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _send(process: psutil.Process, what: signal.Signals) -> None:
    try:
        process.send_signal(what)
    except psutil.NoSuchProcess:
        return

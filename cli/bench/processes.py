"""Processor time of the platform's processes, theirs and their children's."""

import os
from collections.abc import Iterable, Mapping

import psutil

from cli.supervisor.table import Process

DRIVER = "load generator"


def processor_seconds(processes: Iterable[Process]) -> dict[str, float]:
    """Processor seconds used so far, by process name; the load generator is this process.

    A child that has ended is in its parent's sum: so PostgreSQL's backends count, also those that come and go.
    """
    used = {process.name: _tree(process.pid) for process in processes if process.pid}
    return {**used, DRIVER: _tree(os.getpid())}


def core_milliseconds(before: Mapping[str, float], after: Mapping[str, float], orders: int) -> dict[str, float]:
    """Processor milliseconds per order, by process; one that was restarted in between counts from its start."""
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    return {name: (seconds if seconds >= 0 else after[name]) * 1000 / max(orders, 1) for name, seconds in spent.items()}


def _tree(pid: int) -> float:
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_own(member) for member in members)


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)

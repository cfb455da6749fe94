"""Processor time of the platform's processes, theirs and their children's."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping

import psutil

from cli.supervisor.table import Process

DRIVER = "load generator"


def processor_seconds(processes: Iterable[Process]) -> dict[str, float]:
    """Processor seconds used so far, by process name; the load generator is this process.

    A child that has ended is in its parent's sum: so PostgreSQL's backends count, also those that come and go.
    """
    own = sum(os.times()[:4])  # first, because looking at the others is none of the load
    children: dict[int, list[psutil.Process]] = defaultdict(list)
    for process in psutil.process_iter(["ppid"]):
        children[process.info["ppid"]].append(process)
    return {**{row.name: _tree(row.pid, children) for row in processes if row.pid}, DRIVER: own}


def core_milliseconds(before: Mapping[str, float], after: Mapping[str, float], orders: int) -> dict[str, float]:
    """Processor milliseconds per order, by process; one that was restarted in between counts from its start."""
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    return {name: (seconds if seconds >= 0 else after[name]) * 1000 / max(orders, 1) for name, seconds in spent.items()}


def _tree(pid: int, children: Mapping[int, list[psutil.Process]]) -> float:
    try:
        total = _own(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return 0.0
    return total + sum(_tree(child.pid, children) for child in children.get(pid, ()))


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)

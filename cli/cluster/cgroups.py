"""The control groups under which a node puts its pods: one of the cluster's own in each hierarchy of the machine."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
TIMEOUT = 10.0


def create(scope: str) -> None:
    """Make the group `scope` in each hierarchy. Raises OSError."""
    for root in _hierarchies():
        group = root / scope
        group.mkdir(exist_ok=True)
        if (root / "cgroup.controllers").exists():
            _delegate(root, group)
        _weigh(group)
        for name in ("cpuset.cpus", "cpuset.mems"):  # version 1 leaves them empty, and then nothing may run there
            own = group / name
            if not (root / "cgroup.controllers").exists() and own.exists() and not own.read_text().strip():
                own.write_text((root / name).read_text())


def _weigh(group: Path) -> None:
    """As much of the processors as kubelet gives to all pods of a machine that is a node and nothing else.

    Else all pods together would get what one busy program beside them gets. The scales: cgroups(7), version 1's
    cpu.shares count 1024 for a processor, version 2's cpu.weight runs from 1 to 10,000 with 100 for 1024 shares.
    """
    cores = os.cpu_count() or 1
    for name, weight in (("cpu.shares", 1024 * cores), ("cpu.weight", min(100 * cores, 10_000))):
        if (group / name).exists():
            (group / name).write_text(str(weight))


def _delegate(root: Path, group: Path) -> None:
    """Version 2 hands its controllers down one level at a time."""
    for parent in (root, group):
        for controller in (parent / "cgroup.controllers").read_text().split():
            (parent / "cgroup.subtree_control").write_text(f"+{controller}")


def remove(scope: str) -> list[Path]:
    """Remove the group and those below it; returns what processes still hold after a while."""
    deadline = time.monotonic() + TIMEOUT
    while left := [group for root in _hierarchies() for group in _below(root / scope) if not _removed(group)]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.1)
    return []


def _below(group: Path) -> Iterator[Path]:
    """The innermost first."""
    if group.is_dir():
        for child in group.iterdir():
            if child.is_dir():
                yield from _below(child)
        yield group


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _hierarchies() -> list[Path]:
    """Where the machine's hierarchies are mounted; proc(5) has the fields."""
    found = []
    for line in MOUNTS.read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(before.split()[4]))
    return found

"""The cluster's control group weighs as much as the pods of a machine that is a node alone."""

import os
from pathlib import Path

import pytest

from cli.cluster import cgroups

CORES = os.cpu_count() or 1


@pytest.mark.parametrize(("file", "weight"), [("cpu.shares", 1024 * CORES), ("cpu.weight", 100 * CORES)])
def test_all_pods_together_weigh_as_much_as_the_machines_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, weight: int
) -> None:
    group = tmp_path / "root" / "scope"
    group.mkdir(parents=True)
    (group / file).write_text("1")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 2 0:1 / {group.parent} rw - cgroup cgroup rw,cpu\n")
    monkeypatch.setattr(cgroups, "MOUNTS", mounts)
    cgroups.create("scope")
    assert int((group / file).read_text()) == weight

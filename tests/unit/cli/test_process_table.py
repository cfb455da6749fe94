"""The process table: what the supervisor writes is what commands and discovery read."""

import json
import os
from pathlib import Path

import pytest

from cli.supervisor.table import Process, ProcessTable, read_table

NOBODY = 2**22 + 1  # above the largest pid Linux gives out


def row(name: str, pid: int | None) -> Process:
    return Process(name, name, pid, "127.0.0.1", 20_000, 20_001, ready=True, restarts=0)


def test_each_change_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    table = ProcessTable(path)
    table.add(row("order", os.getpid()))
    table.change("order", restarts=3)
    assert json.loads(path.read_text()) == {
        "processes": [
            {
                "name": "order",
                "service": "order",
                "pid": os.getpid(),
                "host": "127.0.0.1",
                "port": 20_000,
                "metrics_port": 20_001,
                "ready": True,
                "restarts": 3,
            }
        ]
    }
    assert os.listdir(tmp_path) == ["processes.json"]


def test_an_unchanged_row_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    table = ProcessTable(path)
    table.add(row("order", os.getpid()))
    path.unlink()
    table.change("order", ready=True)
    assert not path.exists()


def test_a_dead_process_reads_as_not_ready_whatever_the_table_says(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    table = ProcessTable(path)
    table.add(row("alive", os.getpid()))
    table.add(row("dead", NOBODY))
    assert [(each.name, each.ready, each.pid) for each in read_table(path)] == [
        ("alive", True, os.getpid()),
        ("dead", False, None),
    ]


def test_no_table_reads_as_no_processes(tmp_path: Path) -> None:
    assert read_table(tmp_path / "processes.json") == []


def test_a_full_disk_delays_the_file_and_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "processes.json"
    table = ProcessTable(path)
    with monkeypatch.context() as broken:

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        broken.setattr("cli.supervisor.table.write_atomically", full)
        table.add(row("order", os.getpid()))
        assert not path.exists()
    table.change("order", ready=True)  # nothing new, but the file is behind
    assert [each.name for each in read_table(path)] == ["order"]

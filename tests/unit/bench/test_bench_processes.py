"""Processor time is that of a process with all its children, those that are gone included."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from cli.bench.processes import DRIVER, processor_seconds
from cli.supervisor.table import Process

BURN = """
import time
while time.process_time() < 0.3:
    pass
"""
BURN_AND_STAY = (
    BURN
    + """
import sys
print(flush=True)
sys.stdin.read()
"""
)
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
living = subprocess.Popen([sys.executable, "-c", {BURN_AND_STAY!r}], stdin=subprocess.PIPE)
sys.stdin.read()
living.communicate()
"""


@pytest.fixture
def family() -> Iterator[int]:
    """A parent that does nothing, of one child that burned time and is gone, and one that did and still lives."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        parent.stdout.readline()
        yield parent.pid
        parent.communicate(timeout=20)


def row(name: str, pid: int | None) -> Process:
    return Process(name, name, pid, "127.0.0.1", 1, None, True, 0)


def test_children_count_with_their_parent_whether_they_live_or_not(family: int) -> None:
    assert processor_seconds([row("parent", family)])["parent"] >= 0.55


def test_the_driver_is_this_process_and_a_process_that_is_down_has_no_row() -> None:
    before = processor_seconds([row("down", None)])
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    after = processor_seconds([row("gone", 2**22 + 1)])
    assert before.keys() == {DRIVER}
    assert after[DRIVER] - before[DRIVER] >= 0.15
    assert after["gone"] == 0.0

"""The supervisor over real processes: order, restarts, failures, and its own sudden death."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from cli.supervisor.records import NAME, Records, end_stragglers
from tests.integration.cli.supervised import Supervise, eventually, gone


def test_parts_start_after_what_they_need_and_stop_before_it(supervise: Supervise) -> None:
    running = supervise("web:app", "app:db", "db")
    running.ready("web")
    assert running.stop() == 0
    assert running.diary() == [
        *("db started", "app started", "web started"),
        *("web stopped", "app stopped", "db stopped"),
    ]


def test_a_killed_process_comes_back_on_its_port_and_the_restart_is_counted(supervise: Supervise) -> None:
    running = supervise("app", "other")
    pid, other = running.ready("app"), running.ready("other")
    port = running.row("app")["port"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: running.row("app").get("ready") and running.row("app")["restarts"] == 1)
    assert running.row("app")["pid"] not in {pid, None}
    assert running.row("app")["port"] == port
    assert running.row("other")["pid"] == other
    assert running.row("other")["restarts"] == 0


def test_a_dead_process_shows_as_not_ready_at_once(supervise: Supervise) -> None:
    running = supervise("app")
    os.kill(running.ready("app"), signal.SIGKILL)
    eventually(lambda: not running.row("app")["ready"])


def test_a_stopped_process_shows_as_not_ready_and_as_ready_when_it_goes_on(supervise: Supervise) -> None:
    running = supervise("app")
    pid = running.ready("app")
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: not running.row("app")["ready"])
    finally:
        os.kill(pid, signal.SIGCONT)
    assert running.ready("app") == pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_kill_9_of_the_supervisor_leaves_no_process(supervise: Supervise) -> None:
    running = supervise("app", "stubborn~")
    pids = [running.ready("app"), running.ready("stubborn")]
    running.process.kill()
    running.process.wait()
    for pid in pids:
        eventually(partial(gone, pid))


def test_the_next_start_after_kill_9_recovers(supervise: Supervise) -> None:
    first = supervise("app")
    old = first.ready("app")
    first.process.kill()
    first.process.wait()
    second = supervise("app")
    assert eventually(lambda: second.row("app").get("pid") not in {old, None} and second.ready("app"))


def test_a_process_that_ignores_the_stop_signal_is_killed_after_its_grace(supervise: Supervise) -> None:
    running = supervise("stubborn~")
    pid = running.ready("stubborn")
    assert running.stop() == 0
    assert gone(pid)


def test_a_process_that_cannot_start_fails_the_start_by_name_with_its_last_lines(supervise: Supervise) -> None:
    running = supervise("good", "bad!:good")
    assert running.process.wait(30) == 1
    failed = next(event for event in running.events() if event["kind"] == "failed")
    assert failed["name"] == "bad"
    assert failed["text"] == "bad exited with code 1 before it was ready"
    assert failed["log"][-1] == "this one cannot start"
    assert running.diary() == ["good started", "good stopped"]


def test_a_process_that_never_gets_ready_fails_the_start_with_the_reason(supervise: Supervise) -> None:
    running = supervise("slow?")
    assert running.process.wait(30) == 1
    failed = next(event for event in running.events() if event["kind"] == "failed")
    assert failed["text"].startswith("slow was not ready within 2 s: GET /readyz answers 503")


def test_a_stop_during_the_start_ends_what_was_started(supervise: Supervise) -> None:
    running = supervise("app", "slow?:app")
    pid = running.ready("app")
    assert running.stop() == 0
    assert gone(pid)
    assert not any(event["kind"] == "started" for event in running.events())


def test_stragglers_on_record_are_ended_and_a_pid_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    mine = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        records = Records(tmp_path)
        records.add(mine.pid)
        text = (tmp_path / NAME).read_text().rstrip("}")
        (tmp_path / NAME).write_text(f'{text}, "{other.pid}": 12345.0}}')
        assert end_stragglers(tmp_path) == 1
        assert gone(mine.pid)
        assert other.poll() is None
    finally:
        for process in (mine, other):
            process.kill()
            process.communicate()

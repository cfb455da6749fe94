"""The toolbox: made, waited for, used, and always deleted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.platform import toolbox as toolboxes
from cli.platform.errors import PlatformError
from cli.platform.kubectl import Kubectl
from cli.platform.toolbox import opened
from tests.support.loading import ROOT
from tests.unit.platform.fake_kubectl import NOT_FOUND, READY, FakeKubectl, pod

JOB = r"toolbox-[0-9a-f]{8}"


@pytest.fixture
def cluster(kubectl: FakeKubectl) -> FakeKubectl:
    """With a Mercato whose toolbox starts at once."""
    kubectl.answer("get namespace")
    kubectl.answer("get deployments", "deployment.apps/order")
    kubectl.answer("create job")
    kubectl.answer("get pods", READY)
    kubectl.answer("delete job")
    return kubectl


def deleted(cluster: FakeKubectl) -> bool:
    (made,) = cluster.calls("create job")
    job = made[made.index("job") + 1]
    return bool(cluster.calls(f"delete job {job} --ignore-not-found --wait=false"))


def test_it_is_a_job_made_from_the_charts_cron_job_and_goes_at_the_end(cluster: FakeKubectl) -> None:
    with opened("shop") as toolbox:
        assert toolbox.pod == "toolbox-1-x"
        assert cluster.calls(rf"--namespace shop create job {JOB} --from=cronjob/toolbox")
        assert cluster.calls(rf"get pods --selector job-name={JOB}")
        assert not cluster.calls("delete")
    assert deleted(cluster)


def test_it_goes_also_when_the_work_fails(cluster: FakeKubectl) -> None:
    with pytest.raises(ZeroDivisionError), opened("shop"):
        raise ZeroDivisionError
    assert deleted(cluster)


def test_a_command_runs_in_it_with_its_input_output_and_exit_code(cluster: FakeKubectl) -> None:
    cluster.answer("exec", "got <stdin>", "oh\ncommand terminated with exit code 3\n", code=3)
    with opened("shop") as toolbox:
        done = toolbox.run(["python", "-"], stdin="a script")
    assert (done.stdout, done.stderr, done.returncode) == ("got a script", "oh\n", 3)
    assert cluster.calls("exec -i pod/toolbox-1-x --container toolbox -- python -$")


def test_a_command_without_input_reads_nothing_of_ours(cluster: FakeKubectl) -> None:
    cluster.answer("exec", "got <stdin>")
    with opened("shop") as toolbox:
        assert toolbox.run(["true"]).stdout == "got "
        assert cluster.calls("exec pod/toolbox-1-x")


def test_a_command_that_takes_too_long_is_ended(cluster: FakeKubectl) -> None:
    cluster.answer("exec", seconds=30)
    with pytest.raises(subprocess.TimeoutExpired), opened("shop") as toolbox:
        toolbox.run(["sleep", "30"], timeout=0.2)
    assert deleted(cluster)


def test_a_command_can_be_fed_while_it_runs(cluster: FakeKubectl) -> None:
    cluster.answer("exec", "got <stdin>")
    with opened("shop") as toolbox, toolbox.popen(["cat"], stdin=subprocess.PIPE) as process:
        assert process.communicate("more", timeout=10)[0] == "got more"


def test_a_slow_start_is_waited_for(cluster: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolboxes, "_EVERY", 0.01)
    answers = iter([{"items": []}, {"items": [pod(phase="Pending")]}, READY])
    monkeypatch.setattr(Kubectl, "read", lambda *_: next(answers))
    with opened("shop") as toolbox:
        assert toolbox.pod == "toolbox-1-x"


def start_failing(match: str) -> None:
    with pytest.raises(PlatformError, match=match), opened("shop"):
        raise AssertionError("it started")


def test_an_image_that_cannot_be_pulled_is_named_and_the_job_goes(cluster: FakeKubectl) -> None:
    waiting = {"reason": "ErrImageNeverPull", "message": ""}
    status = [{"image": "localhost/mercato-toolbox:0.1.0", "state": {"waiting": waiting}}]
    cluster.answer("get pods", {"items": [pod(phase="Pending", containerStatuses=status)]})
    start_failing(r"in namespace shop did not start: its image localhost/mercato-toolbox:0\.1\.0 cannot be pulled")
    assert deleted(cluster)


def test_a_pod_that_takes_too_long_says_what_it_waits_for(
    cluster: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolboxes, "READY_SECONDS", 0.0)
    monkeypatch.setattr(toolboxes, "_EVERY", 0.01)
    cluster.answer("get pods", {"items": [pod(phase="Pending")]})
    start_failing(r"did not start within 0 s: its pod is Pending")


def test_a_pod_that_may_not_be_made_says_why(cluster: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolboxes, "_UNMADE_SECONDS", 0.0)
    cluster.answer("get pods", {"items": []})
    cluster.answer("get events", {"items": [{"reason": "FailedCreate", "message": "exceeded quota"}]})
    start_failing(r"did not start: exceeded quota")


def test_a_release_whose_toolbox_is_off_says_how_to_have_it(cluster: FakeKubectl) -> None:
    cluster.refuse("create job", NOT_FOUND + 'cronjobs.batch "toolbox" not found')
    start_failing(r"the toolbox is off in namespace shop: set toolbox\.enabled to true")
    assert not cluster.calls("delete"), "nothing was made"


def test_who_may_not_is_told_what(cluster: FakeKubectl) -> None:
    cluster.refuse("create job", 'Error from server (Forbidden): jobs.batch is forbidden: User "eve" cannot create')
    start_failing(r'not allowed in namespace shop: jobs\.batch is forbidden: User "eve" cannot create')


def test_a_job_that_cannot_be_deleted_is_named(cluster: FakeKubectl, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.refuse("delete job", "Error from server (Forbidden): no")
    with opened("shop"):
        pass
    assert "was not deleted (not allowed in namespace shop: no); it ends by itself" in capsys.readouterr().err


def mercato(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_command_with_a_namespace_is_the_same_command_in_the_toolbox(cluster: FakeKubectl) -> None:
    cluster.answer("exec", '{"topics": []}\n', "a warning\ncommand terminated with exit code 1\n", code=1)
    with mercato("topics", "--json", "--namespace", "shop") as process:
        stdout, stderr = process.communicate(timeout=60)
    assert (stdout, stderr, process.returncode) == ('{"topics": []}\n', "a warning\n", 1)
    assert cluster.calls("exec pod/toolbox-1-x --container toolbox -- python -m cli topics --json$")
    assert deleted(cluster)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A run of the tests that was put into the background by a script ignores SIGINT, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_the_job_goes_also_when_the_command_is_interrupted(
    cluster: FakeKubectl, number: signal.Signals, code: int
) -> None:
    cluster.answer("exec", seconds=60)
    with mercato("invariants", "--namespace", "shop") as process:
        deadline = time.monotonic() + 30
        while not cluster.calls("exec"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == code
    assert deleted(cluster)


def test_an_error_on_the_way_is_one_line(kubectl: FakeKubectl, tmp_path: Path) -> None:
    kubectl.refuse("create job", "error: stat /nowhere: no such file or directory")
    with mercato("topics", "--namespace", "shop") as process:
        stdout, stderr = process.communicate(timeout=60)
    assert (stdout, process.returncode) == ("", 1)
    assert stderr.startswith("Error: kubectl reaches no cluster (stat /nowhere")
    assert len(stderr.splitlines()) == 1

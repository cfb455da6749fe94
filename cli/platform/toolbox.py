"""A pod inside the cluster from which a platform is looked at, where its Kafka and its databases can be reached.

with opened("shop") as toolbox:
    toolbox.run(["python", "-"], stdin="print(1)").stdout

The pod is that of a Job made from the chart's suspended CronJob `toolbox`; the Job is deleted at the end. One that is
left behind all the same ends by itself after an hour.
"""

import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import click

from cli.platform.errors import PlatformError
from cli.platform.kubectl import Kubectl, NotThereError, TimedOutError
from cli.platform.pods import Start, start_of

NAME = "toolbox"
READY_SECONDS = 120.0
_EVERY = 0.5
_UNMADE_SECONDS = 5.0
"""After which a Job without a pod is asked why."""
_TERMINATED = re.compile(r"^command terminated with exit code \d+\r?\n?", re.MULTILINE)
"""What kubectl itself adds to the stderr of a command that failed."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """A ready pod. Its image has Python, `python -m cli`, and the clients of Kafka and PostgreSQL."""

    kubectl: Kubectl
    pod: str

    def run(
        self, arguments: Sequence[str], stdin: str | None = None, timeout: float = 60.0
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command there to its end. Raises subprocess.TimeoutExpired; not when the command fails."""
        done = subprocess.run(
            self._command(arguments, *([] if stdin is None else ["-i"])),
            env=self.kubectl.environment,
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        done.stderr = _TERMINATED.sub("", done.stderr)
        return done

    def popen(self, arguments: Sequence[str], stdin: int | IO[str] | None = None) -> "subprocess.Popen[str]":
        """Starts a command there, which is the caller's to end; `stdin` as for subprocess.Popen, None for none."""
        return subprocess.Popen(
            self._command(arguments, *([] if stdin is None else ["-i"])),
            env=self.kubectl.environment,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def attach(self, arguments: Sequence[str]) -> int:
        """Runs a command there as if it ran here: output, errors, exit code, and the terminal where there is one."""
        terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
        with subprocess.Popen(
            self._command(arguments, *(["-i", "-t"] if terminal else [])),
            env=self.kubectl.environment,
            stdin=None if terminal else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None  # noqa: S101
            try:
                for line in process.stderr:
                    if not _TERMINATED.fullmatch(line):
                        click.echo(line, nl=False, err=True)
            except BaseException:  # whoever interrupts us does not wait for it
                process.terminate()
                raise
        return process.returncode

    def _command(self, arguments: Sequence[str], *options: str) -> list[str]:
        return self.kubectl.command("exec", *options, f"pod/{self.pod}", "--container", NAME, "--", *arguments)


@contextmanager
def opened(namespace: str, kubeconfig: Path | None = None) -> Iterator[Toolbox]:
    """A toolbox in `namespace`; `kubeconfig` takes the place of KUBECONFIG. Raises PlatformError with one line."""
    kubectl = Kubectl(namespace, kubeconfig)
    job = f"{NAME}-{secrets.token_hex(4)}"
    with ExitStack() as ending:
        ending.callback(_delete, kubectl, job)
        try:
            kubectl.run("create", "job", job, f"--from=cronjob/{NAME}")
        except TimedOutError:
            raise
        except NotThereError:
            ending.pop_all()
            raise kubectl.absent(f"the toolbox is off in namespace {namespace}: set toolbox.enabled to true") from None
        except PlatformError:
            ending.pop_all()
            raise
        yield Toolbox(kubectl, _ready_pod(kubectl, job))


def mercato(namespace: str, words: Sequence[str]) -> int:
    """`./mercato` with `words` in a toolbox, as if it ran here; its exit code. Raises PlatformError."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with opened(namespace) as toolbox:
            try:
                return toolbox.attach(["python", "-m", "cli", *words])
            finally:  # all that is left is to delete the Job, which a second Ctrl-C must not cut short
                for number in before:
                    signal.signal(number, signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """In order, so that the Job is deleted."""
    raise SystemExit(128 + number)


def _ready_pod(kubectl: Kubectl, job: str) -> str:
    started = time.monotonic()
    start = Start("its pod has not been made")
    while True:
        waited = time.monotonic() - started
        pods = kubectl.read("pods", "--selector", f"job-name={job}")["items"]
        if pods:
            start = start_of(pods[0])
            if start.ready:
                return str(pods[0]["metadata"]["name"])
        elif waited > _UNMADE_SECONDS:
            start = _refused(kubectl, job) or start
        if start.hopeless or waited > READY_SECONDS:
            after = "" if start.hopeless else f" within {READY_SECONDS:.0f} s"
            raise PlatformError(f"the toolbox in namespace {kubectl.namespace} did not start{after}: {start.why}")
        time.sleep(_EVERY)


def _refused(kubectl: Kubectl, job: str) -> Start | None:
    """Why no pod can be made for a Job: a quota, say."""
    try:
        events = kubectl.read("events", "--field-selector", f"involvedObject.kind=Job,involvedObject.name={job}")
    except PlatformError:  # events are not for everyone
        return None
    found = [event for event in events["items"] if event.get("reason") == "FailedCreate"]
    return Start(str(found[-1].get("message", "")), hopeless=True) if found else None


def _delete(kubectl: Kubectl, job: str) -> None:
    try:
        kubectl.run("delete", "job", job, "--ignore-not-found", "--wait=false")
    except PlatformError as error:
        click.echo(f"Job {job} was not deleted ({error}); it ends by itself within an hour", err=True)

"""kubectl in one namespace: which program, which cluster (its own rules), and its failures as one line."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from cli.platform.errors import PlatformError

SECONDS = 30.0
_FROM_SERVER = re.compile(r"^Error from server \((?P<reason>\w+)\): (?P<detail>.*)", re.MULTILINE)
_UNREACHED = ("connect", "connection", "configuration", "kubeconfig", "no such file", "context", "logged in")
"""Words in what kubectl says when it got no answer from a cluster."""


class NotThereError(PlatformError):
    """The API server answered that there is no such object."""


class TimedOutError(PlatformError):
    """kubectl did not end in time; what it was to do may have been done."""


class Kubectl:
    """Raises PlatformError; `kubeconfig` takes the place of KUBECONFIG."""

    def __init__(self, namespace: str, kubeconfig: Path | None = None) -> None:
        self.namespace = namespace
        self.environment = {**os.environ, **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})}
        self._program = program()

    def command(self, *arguments: str) -> list[str]:
        return [self._program, "--namespace", self.namespace, *arguments]

    def run(self, *arguments: str, seconds: float = SECONDS) -> str:
        """What it prints."""
        try:
            done = subprocess.run(
                self.command(*arguments),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOutError(
                f"kubectl {arguments[0]} did not end within {seconds:.0f} s: see whether the cluster answers"
            ) from None
        if done.returncode:
            raise failure(done.stderr or done.stdout, self.namespace)
        return done.stdout

    def read(self, *arguments: str) -> Any:
        """The object or the list that `get` answers."""
        return json.loads(self.run("get", *arguments, "--output", "json"))

    def absent(self, otherwise: str) -> PlatformError:
        """Why something of the chart is not there: no namespace, no Mercato in it, or else as `otherwise` says."""
        try:
            self.run("get", "namespace", self.namespace)
            if not self.run("get", "deployments", "--selector", "app.kubernetes.io/name=mercato", "--output", "name"):
                return PlatformError(
                    f"there is no Mercato in namespace {self.namespace}: "
                    f"helm install mercato charts/mercato --namespace {self.namespace}"
                )
        except NotThereError:
            return PlatformError(f"there is no namespace {self.namespace} in the cluster that kubectl means")
        except PlatformError:  # who may not look that up is told what was missing
            pass
        return PlatformError(otherwise)


def program() -> str:
    """The one on the PATH, else the one `./mercato cluster up` built. Raises PlatformError."""
    if found := shutil.which("kubectl"):
        return found
    from cli.cluster.tools import KUBECTL  # noqa: PLC0415 - rarely needed

    if KUBECTL.built:
        return str(KUBECTL.program("kubectl"))
    raise PlatformError("no kubectl on the PATH: install it (https://kubernetes.io/docs/tasks/tools), then try again")


def failure(said: str, namespace: str) -> PlatformError:
    """What kubectl's words on stderr mean."""
    if answer := _FROM_SERVER.search(said):
        if answer["reason"] == "NotFound":
            return NotThereError(f"{answer['detail']} in namespace {namespace}")
        if answer["reason"] == "Forbidden":
            return PlatformError(f"not allowed in namespace {namespace}: {answer['detail']}")
        return PlatformError(f"the cluster refused: {answer['detail']} ({answer['reason']})")
    last = (said.strip().splitlines() or ["no reason given"])[-1].removeprefix("error: ")
    if any(word in last.lower() for word in _UNREACHED):
        return PlatformError(f"kubectl reaches no cluster ({last}): set KUBECONFIG, or see kubectl config view")
    return PlatformError(f"kubectl failed: {last}")

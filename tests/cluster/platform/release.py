"""A Mercato installed by Helm into a namespace of a cluster, as its operator handles it: kubectl, helm, ./mercato."""

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from cli.cluster.layout import Cluster
from cli.layout import CHECKOUT

CHART = CHECKOUT / "charts" / "mercato"
NAME = "mercato"
COMPONENT = "app.kubernetes.io/component"
SELECTOR = "app.kubernetes.io/name=mercato"
READY_WITHIN = 180.0
"""Seconds an installation with default values may take until all its pods are Ready."""

Object = dict[str, Any]
T = TypeVar("T")


class CommandFailed(AssertionError):
    """A command ended with another code than 0; the text has what it printed."""


def until(question: Callable[[], T], seconds: float, what: str, every: float = 0.2) -> T:
    """The first true answer. Fails after `seconds`, saying what was waited for and the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s (last answer: {answer!r})"
        time.sleep(every)


class Release:
    """The release `mercato` in `namespace` of `cluster`."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": f"{cluster.tools}:{os.environ.get('PATH', '')}",
        }

    # -- programs --

    def run(
        self, *command: str, timeout: float = 120.0, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.environment,
            cwd=CHECKOUT,
            check=False,
        )
        if check and done.returncode:
            raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def kubectl(self, *arguments: str, timeout: float = 60.0, stdin: str | None = None) -> str:
        return self.run("kubectl", "-n", self.namespace, *arguments, timeout=timeout, stdin=stdin).stdout

    def helm(self, *arguments: str, timeout: float = 300.0, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("helm", "-n", self.namespace, *arguments, timeout=timeout, check=check)

    def mercato(self, *arguments: str, timeout: float = 180.0, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`./mercato …` on this namespace."""
        command = (str(CHECKOUT / "mercato"), *arguments, "--namespace", self.namespace)
        return self.run(*command, timeout=timeout, check=check)

    # -- objects --

    def objects(self, kind: str, selector: str = "") -> list[Object]:
        words = ["get", kind, "-o", "json", *(["-l", selector] if selector else [])]
        found: list[Object] = json.loads(self.kubectl(*words))["items"]
        return found

    def object(self, kind: str, name: str) -> Object:
        found: Object = json.loads(self.kubectl("get", kind, name, "-o", "json"))
        return found

    def apply(self, *objects: Object) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)

    def pods(self, component: str = "") -> list[Object]:
        """Its pods that are not on their way out; a component's alone, if named."""
        selector = f"{SELECTOR},{COMPONENT}={component}" if component else SELECTOR
        return [pod for pod in self.objects("pods", selector) if "deletionTimestamp" not in pod["metadata"]]

    def deployments(self) -> list[str]:
        return [str(each["metadata"]["name"]) for each in self.objects("deployments", SELECTOR)]

    def secret(self, name: str) -> dict[str, str]:
        data: Mapping[str, str] = self.object("secret", name)["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    # -- life --

    def create_namespace(self) -> None:
        """As k8s/namespace.yaml has it: it enforces restricted pods."""
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}})

    def install(self, *values: str) -> None:
        self.helm("install", NAME, str(CHART), "--wait", f"--timeout={READY_WITHIN:.0f}s", *values, timeout=300)

    def settle(self, seconds: float = 120.0) -> None:
        """Until every pod of every workload is up to date and ready."""
        until(lambda: not self.unsettled(), seconds, f"all workloads settled, but for {self.unsettled()}", every=0.5)

    def unsettled(self) -> list[str]:
        """Workloads that are not as they should be, and pods: what a workload says of them may be of a while ago."""
        workloads = [each for each in self.objects("deployments,statefulsets", SELECTOR) if not _settled(each)]
        pods = [pod for pod in self.pods() if pod["status"]["phase"] in {"Pending", "Running"} and not is_ready(pod)]
        return [str(each["metadata"]["name"]) for each in (*workloads, *pods)]

    # -- from outside --

    @contextmanager
    def forwarded(self, target: str, port: int) -> Iterator[str]:
        """The base URL of `target` (`svc/gateway`, `pod/…`) by way of kubectl port-forward."""
        command = ["kubectl", "-n", self.namespace, "port-forward", target, f":{port}"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                found = re.search(r"127\.0\.0\.1:(\d+)", line)
                assert found, f"kubectl port-forward {target}: {line}{process.stdout.read()}"
                yield f"http://127.0.0.1:{found[1]}"
            finally:
                process.terminate()
                process.wait(10)


def _settled(workload: Object) -> bool:
    spec, status = workload["spec"], workload.get("status", {})
    wanted = spec.get("replicas", 1)
    counts = [status.get(name, 0) for name in ("replicas", "readyReplicas", "updatedReplicas")]
    return status.get("observedGeneration") == workload["metadata"]["generation"] and counts == [wanted] * 3


def component(pod: Object) -> str:
    return str(pod["metadata"]["labels"].get(COMPONENT, ""))


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

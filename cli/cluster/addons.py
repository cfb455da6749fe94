"""What every cluster has beyond Kubernetes' own programs: DNS, resource metrics, a StorageClass."""

import time
from collections.abc import Callable
from pathlib import Path

from cli.cluster import archive, tools
from cli.cluster.configuration import PAUSE_IMAGE
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster
from cli.cluster.report import report
from cli.cluster.shell import kubectl
from cli.cluster.tools import MODULES, Tool

KUBELET_TRUST = "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
IMAGES = {
    tools.PAUSE: PAUSE_IMAGE,
    tools.COREDNS: "localhost/mercato-node/coredns:1",
    tools.METRICS_SERVER: "localhost/mercato-node/metrics-server:1",
}
READY_WITHIN = 180.0
POLL = 2.0
PAUSE = 0.2
CONDITIONS = (
    ("Ready", "node", "--all"),
    ("Available", "-n", "kube-system", "deployment/coredns"),
    ("Available", "-n", "kube-system", "deployment/metrics-server"),
    ("Available", "apiservice/v1beta1.metrics.k8s.io"),
)


def image_archive(tool: Tool) -> Path:
    """The archive of a tool's image, made when the tool is first used."""
    path = tool.folder.with_suffix(".tar")
    if not path.exists():
        unfinished = path.with_name(f".{path.name}")
        archive.write_archive(unfinished, IMAGES[tool], tool.program(tool.programs[0]))
        unfinished.rename(path)
    return path


def apply(cluster: Cluster, *names: str, edit: Callable[[str], str] = lambda text: text) -> None:
    """Apply manifests of k8s/node by name."""
    for name in names:
        text = edit((MODULES / f"{name}.yaml").read_text())
        edited = cluster.data / f"{name}.yaml"
        edited.write_text(text)
        kubectl(cluster, "apply", "--server-side", "--force-conflicts", "-f", str(edited), timeout=60.0)


def wait_until_ready(cluster: Cluster, watch: Callable[[], None] = lambda: None) -> None:
    """Until the node, DNS and metrics are ready. `watch` is called while it waits and may raise."""
    deadline = time.monotonic() + READY_WITHIN
    for condition, *what in CONDITIONS:
        question = ("wait", f"--for=condition={condition}", *what, f"--timeout={POLL:.0f}s")
        while "condition met" not in kubectl(cluster, *question, check=False):
            watch()
            time.sleep(PAUSE)  # some refusals come at once
            if time.monotonic() > deadline:
                raise ClusterError(_blame(cluster, what[-1].replace("--all", "the node")))


def _blame(cluster: Cluster, what: str) -> str:
    pods = [f"{pod['namespace']}/{pod['name']} is {pod['reason']}" for pod in report(cluster).pods_not_ready]
    return f"{what} is not ready after {READY_WITHIN:.0f} s: {', '.join(pods) or 'no pod to blame'}"

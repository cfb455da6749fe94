"""What every cluster has beyond Kubernetes' own programs: DNS, resource metrics, a StorageClass."""

import time
from collections.abc import Callable
from pathlib import Path

from cli.cluster import archive, tools
from cli.cluster.configuration import PAUSE_IMAGE
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster
from cli.cluster.shell import kubectl
from cli.cluster.tools import MODULES, Tool

KUBELET_TRUST = "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
IMAGES = {
    tools.PAUSE: PAUSE_IMAGE,
    tools.COREDNS: "localhost/mercato-node/coredns:1",
    tools.METRICS_SERVER: "localhost/mercato-node/metrics-server:1",
}
PATIENCE = 180.0
POLL = 0.3


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
    deadline = time.monotonic() + PATIENCE
    conditions = (
        (("node", "--all"), "Ready"),
        (("-n", "kube-system", "deployment/coredns"), "Available"),
        (("-n", "kube-system", "deployment/metrics-server"), "Available"),
        (("apiservice/v1beta1.metrics.k8s.io",), "Available"),
    )
    for what, condition in conditions:
        path = f'jsonpath={{range .items[*]}}{{.status.conditions[?(@.type=="{condition}")].status}} {{end}}'
        if what[-1] != "--all":
            path = f'jsonpath={{.status.conditions[?(@.type=="{condition}")].status}}'
        query = ("get", *(part for part in what if part != "--all"), "-o", path)
        while set(kubectl(cluster, *query, check=False).split()) != {"True"}:
            watch()
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{what[-1] if what[-1] != '--all' else 'the node'} is not ready after {PATIENCE:.0f} s"
                )
            time.sleep(POLL)

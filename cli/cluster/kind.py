"""A cluster in containers, by kind, where Docker or Podman answers."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from cli.cluster import addons, tools
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster, Record
from cli.cluster.shell import run
from cli.layout import CHECKOUT

CONFIG = CHECKOUT / "k8s" / "kind.yaml"
ENGINE_TIMEOUT = 10.0
CREATE_TIMEOUT = 600.0
NEEDED = (tools.KIND, tools.KUBECTL, tools.HELM, tools.METRICS_SERVER)


def engine() -> str | None:
    """The container engine that answers, if one does."""
    for name in ("docker", "podman"):
        try:
            answer = subprocess.run(
                [name, "info"], capture_output=True, stdin=subprocess.DEVNULL, timeout=ENGINE_TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0:
            return name
    return None


def up(cluster: Cluster, provider: str, report: Callable[[str], None]) -> None:
    """Make the cluster, or finish one that was broken off. Raises ClusterError."""
    for folder in (cluster.data, cluster.tools):
        folder.mkdir(parents=True, exist_ok=True)
    cluster.write_record(Record("kind", ""))
    for tool in (tools.KUBECTL, tools.HELM, tools.KIND):
        link = cluster.tools / tool.name
        link.unlink(missing_ok=True)
        link.symlink_to(tool.program(tool.name))
    environment = _environment(provider)
    if cluster.name not in run(_kind("get", "clusters"), timeout=60.0, environment=environment).stdout.split():
        report("making the nodes")
        run(create_command(cluster), timeout=CREATE_TIMEOUT, environment=environment)
    import_archive(cluster, addons.image_archive(tools.METRICS_SERVER))
    # kind's kubelets sign their own certificates.
    addons.apply(
        cluster, "metrics-server", edit=lambda text: text.replace(addons.KUBELET_TRUST, "--kubelet-insecure-tls")
    )
    addons.wait_until_ready(cluster)
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    cluster.write_record(Record("kind", config["clusters"][0]["cluster"]["server"], True))


def create_command(cluster: Cluster) -> list[str]:
    where = ["--name", cluster.name, "--kubeconfig", str(cluster.kubeconfig)]
    return _kind("create", "cluster", *where, "--config", str(CONFIG), "--wait", "180s")


def delete_command(cluster: Cluster) -> list[str]:
    return _kind("delete", "cluster", "--name", cluster.name, "--kubeconfig", str(cluster.kubeconfig))


def load_command(cluster: Cluster, path: Path) -> list[str]:
    return _kind("load", "image-archive", str(path), "--name", cluster.name)


def import_archive(cluster: Cluster, path: Path) -> None:
    run(load_command(cluster, path), timeout=CREATE_TIMEOUT, environment=_environment(_required_engine()))


def down(cluster: Cluster) -> None:
    run(delete_command(cluster), timeout=120.0, environment=_environment(_required_engine()))
    shutil.rmtree(cluster.data)


def _required_engine() -> str:
    found = engine()
    if found is None:
        raise ClusterError("the cluster is kind's, but no container engine answers: start Docker or Podman")
    return found


def _kind(*arguments: str) -> list[str]:
    return [str(tools.KIND.program("kind")), *arguments]


def _environment(provider: str) -> dict[str, str]:
    return {"KIND_EXPERIMENTAL_PROVIDER": provider}

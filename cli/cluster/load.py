"""Puts images into a cluster."""

from pathlib import Path

from cli.cluster import kind, single_node
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster
from cli.cluster.shell import kubectl


def import_archive(cluster: Cluster, path: Path) -> None:
    """Import an OCI or Docker archive under the names it carries. Raises ClusterError."""
    cluster.require_running()
    if not path.is_file():
        raise ClusterError(f"no image archive {path}: build it first")
    record = cluster.record
    if record is not None and record.backend == "kind":
        kind.import_archive(cluster, path)
    else:
        single_node.import_archive(cluster, path)


def installed_in(cluster: Cluster) -> list[str]:
    """The namespaces with a Mercato whose pods run already: they keep the images they began with."""
    spaces = "-o=jsonpath={.items[*].metadata.namespace}"
    found = kubectl(cluster, "get", "pods", "-A", "-l=app.kubernetes.io/name=mercato", spaces, check=False)
    return sorted(set(found.split()))

"""Puts images into a cluster."""

from pathlib import Path

from cli.cluster import kind, single_node
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster


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

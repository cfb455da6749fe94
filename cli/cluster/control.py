"""Stops and starts single components of a single node, for those who test what happens then."""

import time

from cli.cluster import states
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster

TIMEOUT = 30.0


def stop(cluster: Cluster, component: str) -> None:
    """Stop it and wait until it is gone. Raises ClusterError."""
    _require(cluster, component)
    request = states.stop_request(cluster.data, component)
    request.parent.mkdir(exist_ok=True)
    request.touch()
    _wait(cluster, component, "stopped")


def start(cluster: Cluster, component: str) -> None:
    """Start it and wait until its process runs (not until it is ready). Raises ClusterError."""
    _require(cluster, component)
    states.stop_request(cluster.data, component).unlink(missing_ok=True)
    _wait(cluster, component, "running")


def pids(cluster: Cluster) -> dict[str, int]:
    """The processes of the running components, by their ids on this machine."""
    process = cluster.process
    if process is None:
        return {}
    names = {state.pid: state.name for state in states.read(cluster.data) if state.pid}
    found = {}
    for child in process.children(recursive=True):
        inner = _inner_pid(child.pid)
        if inner in names and names[inner] not in found:
            found[names[inner]] = child.pid
    return found


def _inner_pid(pid: int) -> int:
    """The id that process has in the innermost namespace it is in; proc(5), NSpid."""
    try:
        with open(f"/proc/{pid}/status") as status:
            line = next(line for line in status if line.startswith("NSpid:"))
    except (OSError, StopIteration):
        return 0
    ids = line.split()[1:]
    return int(ids[1]) if len(ids) == 2 else 0


def _require(cluster: Cluster, component: str) -> None:
    cluster.require_running()
    known = [state.name for state in states.read(cluster.data)]
    if component not in known:
        raise ClusterError(f"no component {component}; there are: {', '.join(known) or 'none, this is not a node'}")


def _wait(cluster: Cluster, component: str, wanted: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while {state.name: state.state for state in states.read(cluster.data)}[component] != wanted:
        if time.monotonic() > deadline or cluster.process is None:
            raise ClusterError(f"{component} is not {wanted} after {TIMEOUT:.0f} s: see {cluster.logs}")
        time.sleep(0.05)

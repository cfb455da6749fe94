"""The single node, seen from this machine: bring it up, end it, put images in."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from cli.cluster import addons, cgroups, configuration, states, tools
from cli.cluster.errors import ClusterError
from cli.cluster.layout import Cluster, Record
from cli.cluster.prerequisites import cni_folder, find
from cli.cluster.shell import kubectl, run
from cli.layout import CHECKOUT, PYTHON

START_TIMEOUT = 180.0
END_TIMEOUT = 10.0
IMPORT_TIMEOUT = 600.0
HOST = "127.0.0.1"

Report = Callable[[str], None]


def up(cluster: Cluster, port: int, report: Report) -> None:
    """Bring the node up, or to its end an `up` that was broken off. Raises ClusterError, the node ended."""
    try:
        if not cluster.running:
            down(cluster)  # what a killed node or a reboot left
            _start(cluster, port)
        _finish(cluster, report)
    except (Exception, KeyboardInterrupt):
        _end(cluster)
        raise


def _start(cluster: Cluster, port: int) -> None:
    data = cluster.data
    with _listen(port) as listener:
        api = f"https://{HOST}:{listener.getsockname()[1]}"
        data.mkdir(parents=True, exist_ok=True)
        cluster.write_record(Record("node", api))  # first, so that whatever follows is known to be ours
        for folder in (cluster.logs, cluster.tools):
            folder.mkdir()
        plugins = cni_folder()
        assert plugins is not None  # noqa: S101 - prerequisites were checked
        configuration.write(cluster.name, data, cluster.scope, plugins, api)
        for tool in (tools.KUBECTL, tools.HELM):
            link = cluster.tools / tool.name
            link.unlink(missing_ok=True)
            link.symlink_to(tool.program(tool.name))
        cgroups.create(cluster.scope)
        _spawn(cluster, api, listener)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=128)
    except OSError as error:
        raise ClusterError(f"port {port} is taken: end what listens there, or choose another with --port") from error


def _spawn(cluster: Cluster, api: str, listener: socket.socket) -> None:
    """Start the node's first process; when the outermost one, `unshare`, is killed, the kernel kills that too."""
    command = [find("unshare") or "unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command += [str(PYTHON), "-P", "-m", "cli.cluster.node", cluster.name, str(cluster.data), str(listener.fileno())]
    with (cluster.logs / "node.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, str(tools.NODE.folder)],
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[listener.fileno()],
        )
    cluster.write_record(Record("node", api, pid=process.pid, started=psutil.Process(process.pid).create_time()))


def _finish(cluster: Cluster, report: Report) -> None:
    _wait(cluster, "containerd", lambda: _containerd_answers(cluster))
    for tool in addons.IMAGES:
        import_archive(cluster, addons.image_archive(tool))
    _wait(cluster, "the API server", lambda: kubectl(cluster, "get", "--raw", "/readyz", check=False) == "ok")
    report("the API server is ready")
    addons.apply(cluster, "storage-class", "coredns", "metrics-server")
    addons.wait_until_ready(cluster, lambda: _require_whole(cluster))
    record = cluster.record
    assert record is not None  # noqa: S101 - written by _start
    cluster.write_record(Record("node", record.api, True, record.pid, record.started))


def _wait(cluster: Cluster, what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not ready():
        _require_whole(cluster)
        if time.monotonic() > deadline:
            raise ClusterError(f"{what} is not ready after {START_TIMEOUT:.0f} s: see its log in {cluster.logs}")
        time.sleep(0.2)


def _require_whole(cluster: Cluster) -> None:
    """Raises ClusterError when the node or a component of it has ended."""
    ended = [state.name for state in states.read(cluster.data) if state.state == "exited"]
    if cluster.process is None:
        ended = ["node"]
    if ended:
        log = cluster.logs / f"{ended[0]}.log"
        lines = log.read_text(errors="replace").strip().splitlines() or ["nothing in its log"]
        if any("no space left" in line.lower() for line in lines[-20:]):
            raise ClusterError(f"no space left on the disk of {cluster.data}: free some, then try again")
        raise ClusterError(f"{ended[0]} ended: {lines[-1][:300]} (its log: {log})")


def import_archive(cluster: Cluster, path: Path) -> None:
    with path.open("rb") as archive:
        run(_inside(cluster, "ctr", "-n", "k8s.io", "images", "import", "-"), timeout=IMPORT_TIMEOUT, stdin=archive)


def _containerd_answers(cluster: Cluster) -> bool:
    """Not before the node has a /run of its own, or the machine's containerd would answer."""
    running = any(state.name == "containerd" and state.state == "running" for state in states.read(cluster.data))
    return running and run(_inside(cluster, "ctr", "version"), timeout=30.0, check=False).returncode == 0


def _inside(cluster: Cluster, *command: str) -> list[str]:
    """That command in the node's namespaces. Raises ClusterError when the node is not there."""
    process = cluster.process
    first = process.children() if process else []
    if not first:
        raise ClusterError(f"the node is not running: see {cluster.logs / 'node.log'}")
    enter = [find("nsenter") or "nsenter", f"--target={first[0].pid}", "--mount", "--net", "--pid", "--wd=/", "--"]
    return [*enter, find(command[0]) or command[0], *command[1:]]


def down(cluster: Cluster) -> None:
    """End the node and delete all of it, whatever is left. Raises ClusterError when something will not go."""
    _end(cluster)
    left = cgroups.remove(cluster.scope)
    if left:
        raise ClusterError(f"processes still hold {left[0]}: end them, then try again")
    if cluster.record_file.exists():
        shutil.rmtree(cluster.data)


def _end(cluster: Cluster) -> None:
    """Kill the node's first process: the kernel ends the others, and returns once they are gone."""
    process = cluster.process
    if process is None:
        return
    family = [process, *process.children(recursive=True)]
    for member in (*process.children(), process):
        with suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGKILL)
    _, left = psutil.wait_procs(family, timeout=END_TIMEOUT)
    if left:
        raise ClusterError(f"process {left[0].pid} does not end: it may wait for a disk; try again later")

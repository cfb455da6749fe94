"""What the node's programs are given, and how they are kept."""

import asyncio
import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cli.cluster import certificates, configuration, control, states
from cli.cluster.components import Component, components
from cli.cluster.errors import ClusterError
from cli.cluster.forwarder import serve
from cli.cluster.layout import Cluster
from cli.cluster.node import Keeper
from cli.cluster.states import State
from cli.cluster.volumes import let_pods_write


@pytest.fixture
def written(cluster: Cluster) -> Cluster:
    cluster.data.mkdir()
    configuration.write(cluster.name, cluster.data, cluster.scope, Path("/usr/lib/cni"), "https://127.0.0.1:1234")
    return cluster


def test_every_file_that_a_component_is_given_is_there(written: Cluster) -> None:
    for component in components(written.name, written.data, str):
        for argument in component.command:
            path = argument.partition("=")[2]
            assert not path.startswith(str(written.data)) or Path(path).exists(), argument


def test_keys_are_for_their_owner_alone(written: Cluster) -> None:
    keys = [*(written.data / "pki").glob("*.key"), written.kubeconfig]
    assert keys
    assert all(path.stat().st_mode & 0o077 == 0 for path in keys)


def test_the_kubeconfig_reaches_the_port_of_this_machine(written: Cluster) -> None:
    config = yaml.safe_load(written.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:1234"


def test_the_api_server_proves_to_be_the_loopback_address(written: Cluster) -> None:
    pki = written.data / "pki"
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_context.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
    client_context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    for _ in range(3):
        for side in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert client.getpeercert()


def test_an_authority_made_again_replaces_the_old_one(tmp_path: Path) -> None:
    first = certificates.Authority.create(tmp_path)
    second = certificates.Authority.create(tmp_path)
    assert first.certificate != second.certificate


def test_pods_of_each_cluster_have_control_groups_of_their_own(written: Cluster) -> None:
    kubelet = yaml.safe_load((written.data / "etc" / "kubelet.yaml").read_text())
    assert kubelet["cgroupRoot"] == f"/{written.scope}"


class Stepped(Keeper):
    """Takes a step when told to."""

    def until(self, name: str, wanted: str) -> State:
        for _ in range(500):
            self._collect()
            self._steer()
            states.write(self._data, list(self._states.values()))
            if self._states[name].state == wanted:
                return self._states[name]
            os.sched_yield()
            signal.sigtimedwait([], 0.01)
        raise AssertionError(self._states)

    def end(self) -> None:
        for name, process in self._processes.items():
            if self._states[name].pid:
                process.kill()
                process.wait()


@pytest.fixture
def keeper(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stepped]:
    monkeypatch.setattr("cli.cluster.node.api_is_ready", lambda data: False)
    (cluster.data / "log").mkdir(parents=True)
    (cluster.data / "stopped").mkdir()
    sleeper = Component("sleeper", ("sleep", "60"))
    wanted = [sleeper, Component("short", ("sh", "-c", "exit 3")), Component("later", ("sleep", "60"), needs_api=True)]
    keeper = Stepped(cluster.data, wanted, 0)
    yield keeper
    keeper.end()


def test_a_component_stops_and_starts_on_request(keeper: Stepped, cluster: Cluster) -> None:
    first = keeper.until("sleeper", "running").pid
    states.stop_request(cluster.data, "sleeper").touch()
    assert keeper.until("sleeper", "stopped").code == -signal.SIGTERM
    states.stop_request(cluster.data, "sleeper").unlink()
    assert keeper.until("sleeper", "running").pid != first


def test_a_component_that_ends_by_itself_stays_down_and_is_shown(keeper: Stepped, cluster: Cluster) -> None:
    keeper.until("short", "running")
    assert keeper.until("short", "exited").code == 3
    assert State("short", "exited", 0, 3) in states.read(cluster.data)


def test_components_wait_for_the_api_server(keeper: Stepped, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper.until("sleeper", "running")
    assert keeper.until("later", "waiting")
    monkeypatch.setattr("cli.cluster.node.api_is_ready", lambda data: True)
    keeper.until("later", "running")


def test_nothing_is_stopped_in_a_cluster_that_does_not_run(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="is not running"):
        control.stop(cluster, "etcd")


async def test_the_forwarder_carries_both_ways_and_passes_the_end_on() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        writer.close()

    far = await asyncio.start_server(echo, "127.0.0.1", 0)
    listener = socket.create_server(("127.0.0.1", 0))
    forwarder = asyncio.create_task(serve(listener, *far.sockets[0].getsockname()))
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"HELLO"
    writer.close()
    forwarder.cancel()
    await asyncio.gather(forwarder, return_exceptions=True)
    far.close()


async def test_a_caller_is_let_go_when_the_api_server_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = closed.getsockname()
    listener = socket.create_server(("127.0.0.1", 0))
    forwarder = asyncio.create_task(serve(listener, *nowhere))
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        assert await reader.read() == b""
    writer.close()
    forwarder.cancel()
    await asyncio.gather(forwarder, return_exceptions=True)


def test_pods_that_are_not_root_may_write_into_volumes(tmp_path: Path) -> None:
    let_pods_write(tmp_path / "none yet")
    (tmp_path / "pvc").mkdir(mode=0o750)
    let_pods_write(tmp_path)
    assert (tmp_path / "pvc").stat().st_mode & 0o777 == 0o777

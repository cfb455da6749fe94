"""A real Kubernetes API server on etcd, two processes and no node: objects are kept, checked and watched, none runs.

The programs are those of `./mercato cluster up`; the definitions of the Gateway API come from its Go module.
"""

import os
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from cli.cluster.certificates import Authority, write_key_pair
from cli.cluster.errors import ClusterError
from cli.cluster.prerequisites import find, require_packages
from cli.cluster.tools import NODE, build
from cli.ports import choose
from cli.supervisor.spec import ProcessSpec
from tests.support.absent import Absent
from tests.support.definitions import GATEWAY_API, from_go
from tests.support.servers import Server

ADMINISTRATORS = "system:masters"
AUDITED = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata, userGroups: ["system:serviceaccounts"]}
  - {level: None}
"""
"""What the audit log holds: what ServiceAccounts asked for, a watch when it begins."""


def programs() -> dict[str, str] | str:
    """`etcd` and `kube-apiserver` by name, installed and built where they are not yet; or why they are not here."""
    try:
        if find("etcd") is None:
            if os.geteuid() != 0:
                return "etcd is not installed: apt-get install etcd-server"
            require_packages(install=True, tools_built=True)
        build(NODE, print)
    except ClusterError as error:
        return str(error)
    return {"etcd": str(find("etcd")), "kube-apiserver": str(NODE.program("kube-apiserver"))}


def gateway_definitions() -> Path | str:
    """The folder of the standard channel's definitions, fetched into the download cache once; or why it is not here."""
    try:
        return from_go(*GATEWAY_API)
    except Absent as absent:
        return f"the definitions of the Gateway API are not to be had: {absent}"


class _Part(Server):
    """A server whose health is a path."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, url: str, trust: ssl.SSLContext | None) -> None:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "ETCD_UNSUPPORTED_ARCH": "arm64"}
        super().__init__(
            ProcessSpec(name, name, command, environment, ready=_unused, port=0, grace=20.0), folder / f"{name}.log"
        )
        self._url, self._trust = url, trust

    def answers(self) -> str | None:
        try:
            with urllib.request.urlopen(self._url, timeout=2, context=self._trust) as answer:  # noqa: S310
                return None if answer.status == 200 else f"status {answer.status}"
        except (urllib.error.URLError, OSError) as error:
            return str(error)


async def _unused() -> str | None:
    raise NotImplementedError


class ApiServer:
    """`start`, `stop` and `kill` are the API server's; etcd stays until `close`."""

    def __init__(self, folder: Path, found: dict[str, str]) -> None:
        self._folder = folder
        ports = choose(["api", "etcd", "etcd-peers"], {})
        self.url = f"https://127.0.0.1:{ports['api']}"
        self._authority = Authority.create(folder / "pki")
        self._authority.issue("server", "kube-apiserver", hosts=("127.0.0.1", "localhost"))
        write_key_pair(folder / "pki", "service-accounts")
        etcd = f"http://127.0.0.1:{ports['etcd']}"
        peers = f"http://127.0.0.1:{ports['etcd-peers']}"
        self._etcd = _Part("etcd", _etcd(found["etcd"], folder, etcd, peers), folder, f"{etcd}/health", None)
        trust = ssl.create_default_context(cafile=str(folder / "pki" / "ca.crt"))
        (folder / "audit.yaml").write_text(AUDITED)
        self.audit_log = folder / "audit.log"
        command = _api_server(found["kube-apiserver"], folder, etcd, ports["api"])
        self.server = _Part("kube-apiserver", command, folder, f"{self.url}/readyz", trust)
        self._stack = ExitStack()

    def open(self) -> None:
        self._etcd.start()
        self._stack.callback(self._etcd.kill)
        self.server.start()
        self._stack.callback(self.server.kill)

    def close(self) -> None:
        self._stack.close()

    @property
    def authority(self) -> Path:
        """The certificate authority's file."""
        return self._folder / "pki" / "ca.crt"

    def kubeconfig(self, user: str, group: str | None = None) -> Path:
        """A kubeconfig of that user, who may nothing that no binding gives; `ADMINISTRATORS` may everything."""
        path = self._folder / f"{user}.kubeconfig"
        if not path.exists():
            self._authority.issue(user, user, group=group)
            pki = self._folder / "pki"
            keys = {"client-certificate": str(pki / f"{user}.crt"), "client-key": str(pki / f"{user}.key")}
            self._write(path, user, keys)
        return path

    def kubeconfig_of_account(self, namespace: str, account: str, token: str) -> Path:
        """A kubeconfig of a ServiceAccount, by a token of it."""
        path = self._folder / f"{namespace}.{account}.kubeconfig"
        self._write(path, account, {"token": token})
        return path

    def _write(self, path: Path, user: str, proof: dict[str, str]) -> None:
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": proof}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": "default"}}],
        }
        path.write_text(yaml.safe_dump(content))


def for_a_fixture() -> Iterator[ApiServer]:
    """What a fixture yields: a server, gone when the fixture ends, or the reason to leave its tests out."""
    found = programs()
    if isinstance(found, str):
        pytest.skip(found)
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as folder:
        yield from opened(Path(folder), found)


def opened(folder: Path, found: dict[str, str]) -> Iterator[ApiServer]:
    """A running API server; gone at the end."""
    api = ApiServer(folder, found)
    try:
        api.open()
        yield api
    finally:
        api.close()


def _etcd(program: str, folder: Path, clients: str, peers: str) -> tuple[str, ...]:
    return (
        program,
        "--name=test",
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=test={peers}",
        "--log-level=warn",
        "--logger=zap",
        "--unsafe-no-fsync",
    )


def _api_server(program: str, folder: Path, etcd: str, port: int) -> tuple[str, ...]:
    pki = folder / "pki"
    return (
        program,
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/server.crt",
        f"--tls-private-key-file={pki}/server.key",
        f"--service-account-key-file={pki}/service-accounts.pub",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--audit-policy-file={folder}/audit.yaml",
        f"--audit-log-path={folder}/audit.log",
        "--shutdown-delay-duration=0s",
    )

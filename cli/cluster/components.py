"""The programs of the node and how each is started."""

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.cluster import addresses
from cli.cluster.prerequisites import SYSTEM_PATH

API_SERVER = "kube-apiserver"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"


@dataclass(frozen=True)
class Component:
    """`needs_api`: started once the API server is ready."""

    name: str
    command: tuple[str, ...]
    needs_api: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def components(name: str, data: Path, program: Callable[[str], str]) -> list[Component]:
    """All of the node called `name` but the forwarder, in the order in which they start."""
    pki = data / "pki"
    return [
        _etcd(program),
        Component("containerd", (program("containerd"), f"--config={data}/etc/containerd.toml")),
        _api_server(pki, program),
        _controller_manager(data, program),
        Component("kube-scheduler", (program("kube-scheduler"), *_identity(data, "scheduler")), needs_api=True),
        _kubelet(name, data, program),
        _proxy(name, data, program),
    ]


def environment() -> dict[str, str]:
    """What every component is given."""
    return {"PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}", "HOME": "/root"}


def _etcd(program: Callable[[str], str]) -> Component:
    command = (
        program("etcd"),
        "--name=node",
        "--data-dir=/var/lib/etcd",
        f"--listen-client-urls={addresses.ETCD}",
        f"--advertise-client-urls={addresses.ETCD}",
        "--unsafe-no-fsync",  # nothing of the node outlives the machine
        "--log-level=warn",
        "--logger=zap",
    )
    arm = platform.machine() in ("aarch64", "arm64")  # 3.4 asks for the word of whoever runs it there
    return Component("etcd", command, environment={"ETCD_UNSUPPORTED_ARCH": "arm64"} if arm else {})


def _api_server(pki: Path, program: Callable[[str], str]) -> Component:
    command = (
        program(API_SERVER),
        f"--etcd-servers={addresses.ETCD}",
        f"--service-cluster-ip-range={addresses.SERVICES}",
        f"--advertise-address={addresses.NODE}",
        f"--secure-port={addresses.API_PORT}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--service-account-key-file={pki}/service-accounts.pub",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        # Logs and exec would otherwise look for the node by its name, which nobody resolves.
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/admin.crt",
        f"--kubelet-client-key={pki}/admin.key",
        f"--requestheader-client-ca-file={pki}/ca.crt",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki}/front-proxy.crt",
        f"--proxy-client-key-file={pki}/front-proxy.key",
    )
    return Component(API_SERVER, command)


def _controller_manager(data: Path, program: Callable[[str], str]) -> Component:
    pki = data / "pki"
    command = (
        program("kube-controller-manager"),
        *_identity(data, "controller-manager"),
        f"--service-account-private-key-file={pki}/service-accounts.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--use-service-account-credentials",
        "--allocate-node-cidrs",
        f"--cluster-cidr={addresses.PODS}",
        # The StorageClass `standard`: a folder of the node for each claim, in the node's own /tmp.
        "--enable-hostpath-provisioner",
    )
    return Component("kube-controller-manager", command, needs_api=True)


def _kubelet(name: str, data: Path, program: Callable[[str], str]) -> Component:
    command = (
        program("kubelet"),
        f"--kubeconfig={data}/etc/kubelet.conf",
        f"--config={data}/etc/kubelet.yaml",
        f"--hostname-override={name}",
        f"--node-ip={addresses.NODE}",
    )
    return Component("kubelet", command, needs_api=True)


def _proxy(name: str, data: Path, program: Callable[[str], str]) -> Component:
    command = (
        program("kube-proxy"),
        f"--kubeconfig={data}/etc/proxy.conf",
        f"--cluster-cidr={addresses.PODS}",
        f"--hostname-override={name}",
        "--proxy-mode=iptables",
        "--oom-score-adj=0",
        # The machine's table, which no namespace may size.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    )
    return Component("kube-proxy", command, needs_api=True)


def _identity(data: Path, who: str) -> tuple[str, ...]:
    path = f"{data}/etc/{who}.conf"
    return (
        f"--kubeconfig={path}",
        f"--authentication-kubeconfig={path}",
        f"--authorization-kubeconfig={path}",
        "--leader-elect=false",
    )

"""What the node's programs read: certificates, kubeconfigs, and their own files. Written once, before they start."""

import base64
import json
from pathlib import Path

import yaml

from cli.cluster import addresses, certificates
from cli.cluster.components import CONTAINERD_SOCKET

PAUSE_IMAGE = "localhost/mercato-node/pause:1"


def write(name: str, data: Path, scope: str, cni_folder: Path, api: str) -> None:
    """Write all of it into `data` for the node called `name`; `api` is the API server's address for this machine."""
    inside = f"https://127.0.0.1:{addresses.API_PORT}"
    pki, etc = data / "pki", data / "etc"
    for folder in (etc, data / "cni"):
        folder.mkdir(exist_ok=True)
    _certificates(name, pki)
    write_kubeconfig(data / "kubeconfig", f"mercato-{name}", pki, "admin", api)
    for who in ("controller-manager", "scheduler", "kubelet", "proxy"):
        write_kubeconfig(etc / f"{who}.conf", "node", pki, who, inside)
    (etc / "resolv.conf").write_text(f"nameserver {addresses.DNS_SERVICE}\n")
    (etc / "kubelet.yaml").write_text(yaml.safe_dump(kubelet(pki, etc, scope)))
    (etc / "containerd.toml").write_text(containerd(data, cni_folder))
    (data / "cni" / "10-pods.conflist").write_text(json.dumps(pod_network(), indent=2))


def _certificates(name: str, pki: Path) -> None:
    authority = certificates.Authority.create(pki)
    service = [f"kubernetes{tail}" for tail in ("", ".default", ".default.svc", ".default.svc.cluster.local")]
    own = ["localhost", "127.0.0.1", addresses.NODE]
    authority.issue("apiserver", "kube-apiserver", hosts=[*service, *own, addresses.API_SERVICE])
    authority.issue("admin", "admin", group="system:masters")
    authority.issue("controller-manager", "system:kube-controller-manager")
    authority.issue("scheduler", "system:kube-scheduler")
    authority.issue("kubelet", f"system:node:{name}", group="system:nodes", hosts=[name, *own])
    authority.issue("proxy", "system:kube-proxy")
    authority.issue("front-proxy", "front-proxy")
    certificates.write_key_pair(pki, "service-accounts")


def write_kubeconfig(path: Path, context: str, pki: Path, who: str, server: str) -> None:
    def embedded(file: str) -> str:
        return base64.b64encode((pki / file).read_bytes()).decode()

    user = {"client-certificate-data": embedded(f"{who}.crt"), "client-key-data": embedded(f"{who}.key")}
    cluster = {"server": server, "certificate-authority-data": embedded("ca.crt")}
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": context, "cluster": cluster}],
                "users": [{"name": context, "user": user}],
                "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
                "current-context": context,
            }
        )
    )


def kubelet(pki: Path, etc: Path, scope: str) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{scope}",
        "clusterDNS": [addresses.DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "tlsCertFile": f"{pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet.key",
        "resolvConf": f"{etc}/resolv.conf",
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "seccompDefault": True,
        # The machine's disk is shared: what fills it is seldom the pods.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "nodeStatusReportFrequency": "10s",
        "shutdownGracePeriod": "0s",
    }


def containerd(data: Path, cni_folder: Path) -> str:
    return f"""\
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[grpc]
  address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # A root without CAP_SYS_RESOURCE cannot lower the score, and runc would die of trying.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_folder}"
    conf_dir = "{data}/cni"
"""


def pod_network() -> dict[str, object]:
    """Each pod on a wire of its own: what goes from pod to pod passes the node's rules, as Services need it."""
    addressing = {
        "type": "host-local",
        "ranges": [[{"subnet": addresses.NODE_PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": addressing},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }

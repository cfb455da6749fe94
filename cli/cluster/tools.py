"""The upstream programs, built once from the Go modules pinned in k8s/node into the download cache.

A tool's folder in the cache is named by a hash of its pins and appears whole or not at all; what the Go build itself
caches makes an interrupted build go on where it stopped.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.cluster.errors import ClusterError
from cli.cluster.lock import exclusive
from cli.cluster.prerequisites import find
from cli.layout import CHECKOUT, cache

MODULES = CHECKOUT / "k8s" / "node"
TOOLS = "tools"
KUBERNETES = "k8s.io/kubernetes"
REPORT_EVERY = 10.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Tool:
    """Programs that are built together."""

    name: str
    module: str
    """The folder of its go.mod in k8s/node."""
    source: str
    """The Go module it comes from, whose pin is its version; none is the checkout itself."""
    packages: tuple[str, ...]
    stamp: tuple[str, ...] = ()
    """Go variables that are given the version."""
    kubernetes: tuple[str, ...] = ()
    """Go packages that are told for which Kubernetes they are built, in `k8sVersionMajor` and `k8sVersionMinor`."""

    @property
    def programs(self) -> tuple[str, ...]:
        return tuple(package.rsplit("/", 1)[-1] for package in self.packages)

    @property
    def folder(self) -> Path:
        """Where its programs are once built."""
        return cache() / "node-tools" / f"{self.name}-{self._pins()}"

    @property
    def built(self) -> bool:
        return self.folder.is_dir()

    def program(self, name: str) -> Path:
        return self.folder / name

    @property
    def version(self) -> str:
        return self._pinned(self.source)

    @property
    def linker_flags(self) -> str:
        values = dict.fromkeys(self.stamp, self.version)
        major, _, minor = self._pinned(KUBERNETES).removeprefix("v").rpartition(".")[0].partition(".")
        for package in self.kubernetes:
            values |= {f"{package}.k8sVersionMajor": major, f"{package}.k8sVersionMinor": minor}
        return " ".join(["-s", "-w", *(f"-X {variable}={value}" for variable, value in values.items())])

    def _pinned(self, source: str) -> str:
        pins = (MODULES / self.module / "go.mod").read_text()
        pinned = re.search(rf"^(?:require)?\s*{re.escape(source)} (v\S+)", pins, re.MULTILINE)
        return pinned[1] if pinned else ""

    def _pins(self) -> str:
        digest = hashlib.sha256(f"{platform.machine()} {self.packages} {self.linker_flags}".encode())
        for path in sorted((MODULES / self.module).rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


_VERSIONS = ("k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion")

PAUSE = Tool("pause", TOOLS, "", ("./pause",))
NODE = Tool(
    "node",
    TOOLS,
    KUBERNETES,
    tuple(
        f"{KUBERNETES}/cmd/{program}"
        for program in ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet")
    ),
    _VERSIONS,
)
KUBECTL = Tool("kubectl", TOOLS, KUBERNETES, (f"{KUBERNETES}/cmd/kubectl",), _VERSIONS)
COREDNS = Tool("coredns", TOOLS, "github.com/coredns/coredns", ("./coredns",))
METRICS_SERVER = Tool(
    "metrics-server", TOOLS, "sigs.k8s.io/metrics-server", ("sigs.k8s.io/metrics-server/cmd/metrics-server",)
)
# As Helm's own releases: without its Kubernetes, `helm template` and `helm lint` take every cluster for a 1.20.
HELM = Tool(
    "helm",
    TOOLS,
    "helm.sh/helm/v3",
    ("helm.sh/helm/v3/cmd/helm",),
    ("helm.sh/helm/v3/internal/version.version",),
    ("helm.sh/helm/v3/pkg/chartutil", "helm.sh/helm/v3/pkg/lint/rules"),
)
KIND = Tool("kind", "kind", "sigs.k8s.io/kind", ("sigs.k8s.io/kind",))

SINGLE_NODE = (PAUSE, NODE, KUBECTL, COREDNS, METRICS_SERVER, HELM)


def build(tool: Tool, report: Progress) -> None:
    """Build `tool` unless the cache has it. Raises ClusterError."""
    if tool.built:
        return
    go = find("go")
    if go is None:
        raise ClusterError("install Go 1.21 or newer, see https://go.dev/dl")
    with exclusive(cache() / "node-tools" / ".lock", "the tools of the cluster"):
        unfinished = tool.folder.with_name(f".{tool.folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        _compile(go, tool, unfinished, report)
        unfinished.rename(tool.folder)


def _compile(go: str, tool: Tool, into: Path, report: Progress) -> None:
    """`go build -v` prints a line for each package it compiles."""
    environment = {**os.environ, "CGO_ENABLED": "0"}
    command = [go, "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"]
    command += ["-ldflags", tool.linker_flags, "-o", f"{into}/", *tool.packages]
    title = f"{tool.name} {tool.version}".strip()
    started = reported = time.monotonic()
    report(f"building {title}")
    last = ""
    with subprocess.Popen(
        command, cwd=MODULES / tool.module, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None  # noqa: S101
        for packages, line in enumerate(process.stderr, 1):
            if line.startswith("go:") or " " in line.strip():
                last = line.strip()
            if (now := time.monotonic()) - reported >= REPORT_EVERY:
                reported = now
                report(f"building {tool.name}: {packages} packages after {now - started:.0f} s")
    if process.returncode:
        if "no space left" in last:
            raise ClusterError(f"no space left on the disk of {into} or of Go's cache: free some, then try again")
        raise ClusterError(
            f"building {tool.name} failed: {last or 'no reason given'}; try again, it goes on from there"
        )
    report(f"built {title} in {time.monotonic() - started:.0f} s")

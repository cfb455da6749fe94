"""What the single node takes from the operating system, and how to get it."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cli.cluster.errors import ClusterError

CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
INSTALL_TIMEOUT = 900.0
PATIENT = ("-o", "DPkg::Lock::Timeout=300")
"""Others may be installing too: wait so many seconds for them."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find(program: str) -> str | None:
    """Where a program is; the system's folders count even where the user's PATH leaves them out."""
    return shutil.which(program) or shutil.which(program, path=SYSTEM_PATH)


def cni_folder() -> Path | None:
    """The folder with the network plugins."""
    return next((folder for folder in CNI_FOLDERS if (folder / "ptp").exists()), None)


@dataclass(frozen=True)
class Package:
    """A Debian package and how to tell that it (or its like) is there."""

    name: str
    program: str

    def missing(self) -> bool:
        if self.name == "containernetworking-plugins":
            return cni_folder() is None
        return find(self.program) is None


PACKAGES = (
    Package("etcd-server", "etcd"),
    Package("containerd", "containerd"),
    Package("runc", "runc"),
    Package("containernetworking-plugins", "ptp"),
    Package("iptables", "iptables"),
    Package("iproute2", "ip"),
    Package("util-linux", "unshare"),
    Package("buildah", "buildah"),
    Package("debootstrap", "debootstrap"),
)


def require_linux_root() -> None:
    """Raises ClusterError where a single node cannot be."""
    if platform.system() != "Linux":
        raise ClusterError("no container engine answers here: start Docker or Podman, then try again")
    if os.geteuid() != 0:
        raise ClusterError("no container engine answers, and a node of its own needs root: start Docker, or use sudo")


def install_line(packages: Sequence[str]) -> str:
    return f"apt-get install --no-install-recommends {' '.join(packages)}"


def missing() -> list[str]:
    return [package.name for package in PACKAGES if package.missing()]


def require_packages(*, install: bool, tools_built: bool) -> None:
    """Raises ClusterError that names all that is missing at once; with `install` gets it, as far as apt can."""
    absent = missing()
    if absent and install and find("apt-get"):
        _install(absent)
        absent = missing()
    problems = []
    if absent:
        problems.append(f"install what is missing with: {install_line(absent)}")
    if not tools_built and find("go") is None:
        problems.append("install Go 1.21 or newer, see https://go.dev/dl")
    if problems:
        raise ClusterError("; ".join(problems))


def _install(packages: Sequence[str]) -> None:
    click.echo(f"Installing {', '.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], [*install_line(packages).split(), "-y", "-qq", *PATIENT]):
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise ClusterError(f"{' '.join(command)} did not end: run it by hand to see why") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ClusterError(f"{' '.join(command)} failed: {last}")

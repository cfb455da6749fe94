"""The node's own /run, /tmp, /var/lib and /var/log, in the mount namespace it runs in.

What the node's programs leave at fixed paths lands in the cluster's folder, two clusters do not meet there, and every
mount goes away with the last process of the namespace.
"""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

MS_BIND = 4096
MS_REC = 16384
COVERED = ("/tmp", "/var/lib", "/var/log")  # noqa: S108
IN_MEMORY = "/run"
KERNEL_SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
"""What kubelet would set for the whole machine."""

_libc = ctypes.CDLL(None, use_errno=True)


def cover(data: Path, keep: Sequence[Path]) -> None:
    """Put the node's own folders over the machine's; the folders in `keep` stay where they are.

    Must run in a mount namespace of its own. Raises OSError.
    """
    backing = {path: _open(_made(data / "host" / path.lstrip("/"))) for path in COVERED}
    settings = {name: _open(_copied(data, name)) for name in KERNEL_SETTINGS if _setting(name).exists()}
    kept = {path: _open(path) for path in sorted({*keep, data}) if _is_covered(path)}
    _mount("tmpfs", IN_MEMORY, "tmpfs", 0, "mode=755")
    for target, descriptor in backing.items():
        _bind(descriptor, target)
    for path, descriptor in kept.items():
        path.mkdir(parents=True, exist_ok=True)
        _bind(descriptor, str(path))
    for name, descriptor in settings.items():
        _bind(descriptor, str(_setting(name)))
    Path("/tmp").chmod(0o1777)  # noqa: S108
    for descriptor in (*backing.values(), *settings.values(), *kept.values()):
        os.close(descriptor)


def _is_covered(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in (*COVERED, IN_MEMORY))


def _setting(name: str) -> Path:
    return Path("/proc/sys") / name


def _copied(data: Path, name: str) -> Path:
    """A file in place of a setting of the kernel: the node writes there, the machine keeps its value."""
    copy = data / "host" / "sysctl" / name.replace("/", ".")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(_setting(name).read_text())
    return copy


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _open(path: Path) -> int:
    return os.open(path, os.O_PATH)


def _bind(descriptor: int, target: str) -> None:
    """By descriptor, since by then the path may be covered."""
    _mount(f"/proc/self/fd/{descriptor}", target, None, MS_BIND | MS_REC, None)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    arguments = [None if text is None else text.encode() for text in (source, target, kind, options)]
    if _libc.mount(arguments[0], arguments[1], arguments[2], flags, arguments[3]):
        number = ctypes.get_errno()
        raise OSError(number, f"cannot mount: {os.strerror(number)}", target)

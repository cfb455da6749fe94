"""PostgreSQL refuses to run as root. This gives a child up to the user `nobody`, and as little power as will do.

Below a folder that only root may enter (a checkout in /root, say) that user could not even reach the program; there
the child keeps one capability, CAP_DAC_OVERRIDE, as an ambient one that survives exec (capabilities(7)).
"""

import ctypes
import os
import pwd
import stat
import struct
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cli.supervisor.spec import StartError

ACCOUNT = "nobody"
CAP_DAC_OVERRIDE = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
LINUX_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """Whom to run as."""

    uid: int
    gid: int


def account() -> Account | None:
    """The account for PostgreSQL; None when we are not root and may just be ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise StartError(
            f"PostgreSQL cannot run as root and there is no user {ACCOUNT!r}: start as another user"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def can_reach(paths: Iterable[Path]) -> bool:
    """Whether any user may enter all folders above each of `paths`, and read and enter or run the paths themselves."""
    for path in paths:
        real = path.resolve()
        if not real.stat().st_mode & stat.S_IROTH or not real.stat().st_mode & stat.S_IXOTH:
            return False
        if not all(parent.stat().st_mode & stat.S_IXOTH for parent in real.parents):
            return False
    return True


def become(user: Account | None, paths: Iterable[Path]) -> Callable[[], None] | None:
    """What a forked child calls before exec to become `user`, able to use `paths`; None when nothing changes."""
    if user is None:
        return None
    keep = not can_reach(paths)
    if keep and sys.platform != "linux":
        raise StartError(f"PostgreSQL cannot run as root below a closed folder: start as another user, not {ACCOUNT}")
    header = struct.pack("=Ii", LINUX_CAPABILITY_VERSION_3, 0)
    bit = 1 << CAP_DAC_OVERRIDE
    capabilities = struct.pack("=6I", bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; then the upper half

    def in_child() -> None:
        if keep:
            # Leaves capabilities alone when the user changes, and also in access(2), with which PostgreSQL looks
            # for its programs and which otherwise judges a user other than root without them.
            _call("prctl(PR_SET_SECUREBITS)", _libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)
        if keep:
            _call("capset", _libc.capset(header, capabilities))
            raised = _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
            _call("prctl(PR_CAP_AMBIENT)", raised)

    return in_child


def _call(name: str, result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), name)

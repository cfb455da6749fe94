"""One command at a time changes a cluster, or builds its tools."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.cluster.errors import ClusterError


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file for this process; the kernel lets go when it ends. Raises ClusterError when another does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(handle.fileno()), path.stat())  # not one that its holder just removed
        except (BlockingIOError, FileNotFoundError):
            held = False
        if not held:
            raise ClusterError(f"another command is at work on {what}: wait until it has ended")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

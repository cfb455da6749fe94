"""What is costly to make and the same for all workers of a run of the tests is made once, by who needs it first."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

_folders: list[Path] = []


def share(folder: Path) -> None:
    """Where this run's workers keep what they share."""
    folder.mkdir(exist_ok=True)
    _folders[:] = [folder]


def once(key: str, make: Callable[[], str]) -> str:
    """What `make` returns, or returned to another worker for the same key, which says all that it depends on.

    Others wait while it is made; should its maker fail or die, the next of them makes it.
    """
    if not _folders:
        return make()
    path = _folders[0] / hashlib.sha256(key.encode()).hexdigest()
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_suffix(".part")
            unfinished.write_text(make(), encoding="utf-8")
            unfinished.rename(path)
    return path.read_text(encoding="utf-8")


def contents(folder: Path) -> str:
    """A digest of every file below, through links, with its name."""
    digest = hashlib.sha256()
    paths = (Path(where, name) for where, _, names in os.walk(folder, followlinks=True) for name in names)
    for path in sorted(paths):
        digest.update(f"{path.relative_to(folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

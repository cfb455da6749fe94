"""Files that their readers see whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path


def write_changed(path: Path, content: bytes) -> bool:
    """Replaces `path` by rename when its content differs; answers whether it did. Raises OSError."""
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def write_all(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Writes what changed below `folder`, in the order given; answers the names written. Raises OSError."""
    return [name for name, content in contents.items() if write_changed(folder / name, content)]


def remove_others(folder: Path, keep: set[str]) -> None:
    """Removes the files in `folder` that are not named in `keep`."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and path.name not in keep:
            path.unlink(missing_ok=True)

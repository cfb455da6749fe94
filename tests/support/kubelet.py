"""Folders as kubelet mounts ConfigMaps and Secrets: links into a folder that is swapped as a whole."""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4


def mount(folder: Path, files: Mapping[str, bytes]) -> None:
    """The content from now on, as by kubelet's AtomicWriter: a new folder, `..data` renamed to it, one link a file."""
    folder.mkdir(exist_ok=True)
    content = folder / f"..2024_{uuid4().hex}"
    content.mkdir()
    for name, data in files.items():
        (content / name).write_bytes(data)
    data_link = folder / "..data"
    before = data_link.resolve() if data_link.is_symlink() else None
    draft = folder / "..data_tmp"
    draft.symlink_to(content.name)
    draft.rename(data_link)
    for name in files:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}")
    for link in folder.iterdir():
        if not link.name.startswith("..") and link.name not in files:
            link.unlink()
    for old in before.iterdir() if before else ():
        old.unlink()
    if before:
        before.rmdir()

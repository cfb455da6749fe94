"""Archives of several images that share their layers (OCI image layout), as containerd imports them."""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REFERENCE = "org.opencontainers.image.ref.name"
# containerd takes this one as it is, and puts a prefix before the other.
FULL_NAME = "io.containerd.image.name"


@contextmanager
def layout(archive: Path) -> Iterator[Path]:
    """A folder beside `archive` for the images that will be packed into it; gone afterwards."""
    folder = Path(tempfile.mkdtemp(dir=archive.parent, prefix=".layout-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def pack(folder: Path, archive: Path) -> None:
    """Make `archive` of the layout in `folder`, each image under its full name; whole or not at all."""
    index = folder / "index.json"
    content = json.loads(index.read_text())
    for manifest in content["manifests"]:
        annotations = manifest["annotations"]
        annotations[FULL_NAME] = annotations[REFERENCE]
    index.write_text(json.dumps(content))
    unfinished = archive.with_name(f".{archive.name}")
    with tarfile.open(unfinished, "w") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, path.relative_to(folder).as_posix())
    unfinished.replace(archive)


def names(archive: Path) -> dict[str, str]:
    """The images in a packed archive: reference → digest of the manifest."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        if index is None:
            return {}
        return {entry["annotations"][FULL_NAME]: entry["digest"] for entry in json.load(index)["manifests"]}

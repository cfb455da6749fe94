"""Images that share their layers, as an OCI image layout, and archives of it that containerd imports.

A layout is kept between builds, so that only images that changed are added again. Layers stay uncompressed: they only
go to a cluster on this machine. Format: OCI image specification 1.1, image-layout.md.
"""

import hashlib
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

from cli.files import write_atomically

REFERENCE = "org.opencontainers.image.ref.name"
# containerd takes this one as it is, and puts a prefix before the other.
FULL_NAME = "io.containerd.image.name"
IDENTITY = "dev.mercato.identity"
VERSION = '{"imageLayoutVersion": "1.0.0"}'


class Layout:
    """The images in `folder`, each under one reference."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._index = folder / "index.json"
        self._blobs.mkdir(parents=True, exist_ok=True)

    @property
    def _entries(self) -> dict[str, dict[str, Any]]:
        if not self._index.exists():
            return {}
        return {entry["annotations"][FULL_NAME]: entry for entry in json.loads(self._index.read_text())["manifests"]}

    def holds(self, reference: str, identity: str) -> bool:
        """Whether the image of that identity is here under this reference."""
        entry = self._entries.get(reference)
        return entry is not None and entry["annotations"][IDENTITY] == identity

    def add(self, reference: str, identity: str, pushed: Path) -> None:
        """Take an image from a folder that buildah's `dir:` transport filled; its files are moved."""
        manifest = (pushed / "manifest.json").read_bytes()
        content = json.loads(manifest)
        for blob in (content["config"], *content["layers"]):
            name = _hex(blob)
            if not (self._blobs / name).exists():
                shutil.move(pushed / name, self._blobs / name)
        digest = hashlib.sha256(manifest).hexdigest()
        (self._blobs / digest).write_bytes(manifest)
        entry = {
            "mediaType": content["mediaType"],
            "digest": f"sha256:{digest}",
            "size": len(manifest),
            "annotations": {FULL_NAME: reference, REFERENCE: reference.rpartition(":")[2], IDENTITY: identity},
        }
        self._write({**self._entries, reference: entry})

    def prune(self) -> None:
        """Delete what no image needs any more."""
        needed = {name for entry in self._entries.values() for name in self._needed(entry)}
        for blob in self._blobs.iterdir():
            if blob.name not in needed:
                blob.unlink()

    def pack(self, references: list[str], archive: Path) -> None:
        """Write these images to `archive`, what they share once; whole or not at all."""
        entries = [self._entries[reference] for reference in references]
        unfinished = archive.with_name(f".{archive.name}")
        texts = {"oci-layout": VERSION, "index.json": json.dumps({"schemaVersion": 2, "manifests": entries})}
        staging = self._folder / "pack"
        staging.mkdir(exist_ok=True)
        with tarfile.open(unfinished, "w") as tar:
            for name, text in texts.items():
                (staging / name).write_text(text)
                tar.add(staging / name, name)
            for blob in sorted({name for entry in entries for name in self._needed(entry)}):
                tar.add(self._blobs / blob, f"blobs/sha256/{blob}")
        shutil.rmtree(staging)
        unfinished.replace(archive)

    def _needed(self, entry: dict[str, Any]) -> list[str]:
        manifest = json.loads((self._blobs / _hex(entry)).read_text())
        return [_hex(entry), _hex(manifest["config"]), *(_hex(layer) for layer in manifest["layers"])]

    def _write(self, entries: dict[str, dict[str, Any]]) -> None:
        index = {"schemaVersion": 2, "manifests": list(entries.values())}
        write_atomically(self._index, json.dumps(index))


def _hex(descriptor: dict[str, Any]) -> str:
    return str(descriptor["digest"]).removeprefix("sha256:")


def names(archive: Path) -> dict[str, str]:
    """The images in a packed archive: reference → digest of the manifest."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        entries = json.load(index)["manifests"] if index else []
    return {entry["annotations"][FULL_NAME]: entry["digest"] for entry in entries}

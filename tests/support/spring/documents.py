"""One set of documents, laid out for Spring's config server and for ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SUFFIXES = (".yml", ".yaml", ".properties")
Documents = Mapping[str, str]
"""Texts by file name, as Spring's native backend reads them: `order.yml`, `order-dev.properties`."""


def read(folder: Path) -> dict[str, str]:
    """The documents of a folder, with the line ends they have."""
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES}


def lay_files(documents: Documents, folder: Path) -> None:
    """`folder` has these documents, and no other file, from now on."""
    for path in folder.iterdir():
        path.unlink()
    for name, text in documents.items():
        (folder / name).write_bytes(_latin(text) if name.endswith(".properties") else text.encode())


def _latin(text: str) -> bytes:
    """Spring reads a `.properties` file as ISO 8859-1. A ConfigMap has text, which is said there by escapes."""
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return b"".join(bytes([code]) if code < 256 else f"\\u{code:04x}".encode() for code in codes)


def lay_manifests(documents: Documents, folder: Path) -> None:
    """The same as ConfigMaps: `order-dev.yml` is the key `application.yml` of the ConfigMap `order-dev`."""
    maps: dict[str, dict[str, str]] = {}
    for file, text in documents.items():
        stem, dot, suffix = file.rpartition(".")
        maps.setdefault(stem, {})[f"application{dot}{suffix}"] = text
    for name, data in maps.items():
        text = yaml.safe_dump(_config_map(name, data), allow_unicode=False, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def _config_map(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    labels = {"mercato.dev/config": "true"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels},
        "data": dict(data),
    }

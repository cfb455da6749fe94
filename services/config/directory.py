"""Backend: a directory of the very manifests a cluster would get."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from services.chassis.runtime.latest import Latest
from services.chassis.runtime.watched_folder import WatchedFolder
from services.config import yaml_maps, yaml_nodes
from services.config.backend import PropertySource, Snapshot
from services.config.broken import BrokenDocumentError
from services.config.manifests import ConfigMap, is_config, joined, name_of, understand
from services.config.metrics import BROKEN_DOCUMENTS

REREAD_SECONDS = 2.0
"""The directory is read this often without a notice of a change."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read; `faults` are its own, those of its ConfigMaps are with them."""

    content: bytes | None = None
    configmaps: Mapping[str, ConfigMap] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class DirectoryBackend:
    """Reads `*.yaml` and `*.yml` of one folder and keeps what it last understood of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: Mapping[str, File] = {}
        self._latest = Latest[Snapshot]()
        self._watch = WatchedFolder(folder, self._reread, every=REREAD_SECONDS, settle=0.2)

    async def __aenter__(self) -> None:
        await self._watch.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._watch.__aexit__(kind, error, trace)

    def snapshot(self) -> Snapshot | None:
        return self._latest.value

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        return self._latest.changes()

    def behind(self) -> str | None:
        return None  # what cannot be read is a fault of the snapshot

    async def _reread(self) -> None:
        before = self._latest.value
        found = await asyncio.to_thread(self._read)
        BROKEN_DOCUMENTS.set(len(found.faults))
        if self._latest.put(found):
            for fault in set(found.faults) - set(before.faults if before else ()):
                log.error("%s; what it last said stays in force", fault)

    def _read(self) -> Snapshot:
        faults: list[str] = []
        try:
            paths = sorted(p for p in self._folder.iterdir() if p.suffix in {".yaml", ".yml"} and p.name[0] != ".")
            self._files = {path.name: read(path, self._files.get(path.name, File())) for path in paths}
        except OSError as error:
            faults.append(f"{self._folder}: {error.strerror}")
        return Snapshot(_together(self._files, faults), tuple(faults))


def read(path: Path, before: File) -> File:
    """The ConfigMaps of one file; what is broken stays as it was `before`."""
    try:
        content = path.read_bytes()
        if content == before.content:
            return before
        if not content.strip():  # an editor empties the file before it writes it
            return File(None, before.configmaps, ("the file is empty",))
        roots = yaml_nodes.documents(content.decode())
    except OSError as error:
        return File(None, before.configmaps, (str(error.strerror),))
    except UnicodeDecodeError as error:
        return File(None, before.configmaps, (f"it is not UTF-8 (byte {error.start + 1})",))
    except BrokenDocumentError as error:
        return File(content, before.configmaps, (str(error),))
    return _configmaps(content, roots, before)


def _configmaps(content: bytes, roots: list[yaml_nodes.Node], before: File) -> File:
    found: dict[str, ConfigMap] = {}
    faults: list[str] = []
    for number, root in enumerate(roots, 1):
        try:
            manifest = yaml_maps.plain(root)
            if not is_config(manifest):
                continue
            name = name_of(manifest)
            if name in found:
                faults.append(f"ConfigMap {name} is there twice")
            else:
                found[name] = understand(manifest, before.configmaps.get(name))
        except BrokenDocumentError as error:
            faults.append(f"document {number}: {error}")
    kept = before.configmaps if faults else {}
    return File(content, {**kept, **found}, tuple(faults))


def _together(files: Mapping[str, File], faults: list[str]) -> dict[str, tuple[PropertySource, ...]]:
    """The ConfigMaps of all files by name, as a cluster would list them."""
    owner: dict[str, str] = {}
    configmaps: dict[str, ConfigMap] = {}
    for file, told in files.items():
        faults += [f"{file}: {fault}" for fault in told.faults]
        for name, configmap in told.configmaps.items():
            if name in owner:
                faults.append(f"{file}: ConfigMap {name} is declared in {owner[name]} already")
                continue
            owner[name], configmaps[name] = file, configmap
            faults += [f"{file}: ConfigMap {name}: {fault}" for fault in configmap.faults]
    return joined(configmap for _, configmap in sorted(configmaps.items()))

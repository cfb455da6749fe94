"""Backend: a directory of the very manifests a cluster would get."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import yaml
from watchfiles import awatch

from services.chassis.latest import Latest
from services.config.backend import PropertySource, Snapshot
from services.config.manifests import BrokenDocumentError, Sources, is_config, name_of, one_line, sources_of
from services.config.metrics import BROKEN_DOCUMENTS
from services.config.properties import load_yaml

REREAD_MS = 2_000
"""The directory is read this often without a notice: not every file system sends them."""

log = logging.getLogger(__name__)
ConfigMaps = dict[str, Sources]
"""What each ConfigMap of a file says, by its name."""


class DirectoryBackend:
    """Reads `*.yaml` and `*.yml` of one folder and keeps what it last understood of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, ConfigMaps] = {}
        self._latest = Latest[Snapshot]()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        await self._reread()
        self._task = asyncio.create_task(self._watch(), name="config-directory")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def snapshot(self) -> Snapshot | None:
        return self._latest.value

    def changes(self) -> AsyncGenerator[Snapshot, None]:
        return self._latest.changes()

    def behind(self) -> str | None:
        return None  # what cannot be read is a fault of the snapshot

    async def _watch(self) -> None:
        while True:
            if await asyncio.to_thread(self._folder.is_dir):
                async for _ in awatch(
                    self._folder, debounce=200, step=20, rust_timeout=REREAD_MS, yield_on_timeout=True, recursive=False
                ):
                    await self._reread()
            await asyncio.sleep(REREAD_MS / 1000)
            await self._reread()

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
            self._files = {p.name: _read_file(p, self._files.get(p.name, {}), faults) for p in paths}
        except OSError as error:
            faults.append(f"{self._folder}: {error.strerror}")
        return Snapshot(_joined(self._files, faults), tuple(faults))


def _read_file(path: Path, before: ConfigMaps, faults: list[str]) -> ConfigMaps:
    """The ConfigMaps of one file; one that is broken stays as it was `before`."""
    try:
        text = path.read_text(encoding="utf-8")
        if not text.strip():  # an editor empties the file before it writes it
            raise BrokenDocumentError("the file is empty")
        manifests = [manifest for manifest in load_yaml(text) if is_config(manifest)]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, BrokenDocumentError) as error:
        faults.append(f"{path.name}: {one_line(error) if isinstance(error, yaml.YAMLError) else error}")
        return before
    found: ConfigMaps = {}
    for manifest in manifests:
        name = "without a name"
        try:
            name = name_of(manifest)
            found[name] = sources_of(manifest)
        except BrokenDocumentError as error:
            faults.append(f"{path.name}: ConfigMap {name}: {error}")
            if name in before:
                found[name] = before[name]
    return found


def _joined(files: dict[str, ConfigMaps], faults: list[str]) -> dict[str, tuple[PropertySource, ...]]:
    owner: dict[str, str] = {}
    joined: dict[str, tuple[PropertySource, ...]] = {}
    for file, maps in files.items():
        for name, sources in maps.items():
            if name in owner:
                faults.append(f"{file}: ConfigMap {name} is declared in {owner[name]} already")
                continue
            owner[name] = file
            for key, found in sources.items():
                joined[key] = joined.get(key, ()) + tuple(found)
    return joined

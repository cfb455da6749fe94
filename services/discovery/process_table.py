"""Backend: the local supervisor's process table, a JSON file that is replaced by renaming."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel, Field, ValidationError

from services.chassis.runtime.latest import Latest
from services.chassis.runtime.watched_folder import WatchedFolder
from services.discovery.instances import Instance, Snapshot

REREAD_SECONDS = 1.0
"""The table is read this often without a notice of a change."""

log = logging.getLogger(__name__)


class _Process(BaseModel):
    name: str = Field(min_length=1)
    service: str = Field(min_length=1)
    host: str = Field(min_length=1)
    port: int | None = Field(None, ge=1, le=65535)
    ready: bool


class _Table(BaseModel):
    processes: list[_Process]


def parse(text: bytes | str, namespace: str) -> Snapshot:
    """The ready processes that have a port. Raises pydantic.ValidationError on anything but a whole table."""
    return Snapshot.of(
        Instance(process.service, process.name, process.host, process.port, namespace)
        for process in _Table.model_validate_json(text).processes
        if process.ready and process.port is not None
    )


class ProcessTable:
    """Follows the table; while it is missing or cannot be read, what it last said stays."""

    def __init__(self, path: Path, namespace: str) -> None:
        self._path = path
        self._namespace = namespace
        self._latest = Latest[Snapshot](Snapshot.tells_as)
        self._fault: str | None = None
        self._watch = WatchedFolder(path.parent, self._reread, every=REREAD_SECONDS, settle=0.1, only=path.name)

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

    async def check(self) -> str | None:
        """Not ready before the first table was read."""
        return None if self._latest.value is not None else self._fault

    async def _reread(self) -> None:
        try:
            found = parse(await asyncio.to_thread(self._path.read_bytes), self._namespace)
        except OSError as error:
            self._keep(f"{self._path}: {error.strerror}")
            return
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            self._keep(f"{self._path}: {'.'.join(map(str, first['loc'])) or 'document'}: {first['msg']}")
            return
        self._fault = None
        self._latest.put(found)

    def _keep(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("the process table cannot be read, what it last said stays in force: %s", fault)
        self._fault = fault

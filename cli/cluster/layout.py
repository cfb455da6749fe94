"""One cluster and where its files are: everything of it is in one folder, which `down` deletes."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from cli.cluster.errors import ClusterError
from cli.files import write_atomically
from cli.layout import STATE

DEFAULT_NAME = "mercato"
RECORD = "cluster.json"
NAME = re.compile(r"[a-z]([-a-z0-9]{0,30}[a-z0-9])?")
TOLERANCE = 2.0
"""Seconds by which two readings of one process's start time may differ (the clock may be set between them)."""


@dataclass(frozen=True)
class Record:
    """What `up` did. `pid` and `started` (seconds since the epoch) name the single node's outermost process."""

    backend: str
    """`node` or `kind`."""
    api: str
    ready: bool = False
    """Whether `up` came to its end."""
    pid: int = 0
    started: float = 0.0


@dataclass(frozen=True)
class Cluster:
    """A cluster by name, running or not."""

    name: str
    data: Path

    @classmethod
    def find(cls, name: str = DEFAULT_NAME, data: Path | None = None) -> "Cluster":
        """The cluster of that name of this checkout, or the one in `data`. Raises ClusterError for a bad name."""
        if not NAME.fullmatch(name):
            raise ClusterError(f"not a cluster name: {name}: use up to 32 lower-case letters, digits and dashes")
        return cls(name, (data or STATE / "cluster" / name).resolve())

    @property
    def record_file(self) -> Path:
        return self.data / RECORD

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, for use on this machine."""
        return self.data / "kubeconfig"

    @property
    def tools(self) -> Path:
        """The folder with kubectl and helm."""
        return self.data / "bin"

    @property
    def kubectl(self) -> Path:
        return self.tools / "kubectl"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def scope(self) -> str:
        """Tells this cluster from every other one of the machine, of whichever checkout."""
        return f"mercato-{self.name}-{hashlib.sha256(bytes(self.data)).hexdigest()[:8]}"

    @property
    def lock_file(self) -> Path:
        """Outside its folder, so that `down` can hold it to its end."""
        return STATE / "cluster" / f".{self.scope}.lock"

    @property
    def record(self) -> Record | None:
        try:
            return Record(**json.loads(self.record_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_record(self, record: Record) -> None:
        write_atomically(self.record_file, json.dumps(asdict(record)))

    @property
    def process(self) -> psutil.Process | None:
        """The single node's outermost process, if it lives; a pid that someone else has by now is not it."""
        record = self.record
        if record is None or not record.pid:
            return None
        try:
            process = psutil.Process(record.pid)
            ours = abs(process.create_time() - record.started) < TOLERANCE
            return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    @property
    def running(self) -> bool:
        """Whether its processes live; for kind, whether `up` made it and `down` did not end it."""
        record = self.record
        if record is None:
            return False
        return record.backend == "kind" or self.process is not None

    def require_running(self) -> None:
        if not self.running:
            raise ClusterError(f"cluster {self.name} is not running: start it with {self.command('up')}")

    def command(self, verb: str) -> str:
        """How a person says it."""
        default = Cluster.find(self.name).data == self.data
        option = "" if default and self.name == DEFAULT_NAME else f" --name {self.name}"
        return f"./mercato cluster {verb}{option}" + ("" if default else f" --data {self.data}")

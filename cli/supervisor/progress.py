"""What the supervisor tells whoever started it."""

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Event:
    """`kind` is `working` (text), `ready` (name, seconds), `restarting` (name, text), `failed` (text, log),
    `started` (seconds) or `stopping`."""

    kind: str
    name: str = ""
    text: str = ""
    seconds: float = 0.0
    log: list[str] = field(default_factory=list)


class Progress(Protocol):
    """Receives events as they happen; must not raise."""

    def __call__(self, event: Event) -> None: ...


class PipeProgress:
    """Sends events through a pipe to the command that started the supervisor, for as long as that listens."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def __call__(self, event: Event) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, json.dumps(asdict(event)).encode() + b"\n")
        except OSError:
            self._descriptor = None  # nobody listens any more; the platform goes on
            return
        if event.kind in ("started", "failed"):
            os.close(self._descriptor)
            self._descriptor = None


def parse(line: str) -> Event:
    """The other end of PipeProgress."""
    return Event(**json.loads(line))

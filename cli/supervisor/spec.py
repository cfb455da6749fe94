"""What a plan is made of: steps that are done once, and processes that are kept running."""

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Probe = Callable[[], Awaitable[str | None]]
"""Answers None when the process is ready, else the reason why it is not. Never raises, never takes over 3 s."""


class StartError(Exception):
    """A part cannot start; the text is one line that names the remedy."""


@dataclass(frozen=True)
class Step:
    """Work done once at each start, such as creating the databases. `action` raises StartError."""

    name: str
    action: Callable[[], Awaitable[None]]
    needs: frozenset[str] = frozenset()
    title: str = ""
    """Shown while it runs when it may take long; an untitled step is silent."""


@dataclass(frozen=True)
class ProcessSpec:
    """A process to keep running; its port stays the same over restarts."""

    name: str
    service: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Probe
    port: int
    needs: frozenset[str] = frozenset()
    host: str = "127.0.0.1"
    metrics_port: int | None = None
    folder: Path | None = None
    """Working folder."""
    poll_every: float = 2.0
    """Seconds between readiness probes once it is ready."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the supervisor dies."""
    grace: float = 10.0
    """Seconds from the stop signal to SIGKILL."""
    become: Callable[[], None] | None = None
    """Called in the forked child before exec, to give up privileges."""
    prepare: Callable[[], None] | None = None
    """Called before each start, to clear away what a killed predecessor left."""


Part = Step | ProcessSpec


@dataclass(frozen=True)
class Plan:
    """All parts, in the order given."""

    parts: Sequence[Part] = field(default_factory=tuple)

    @property
    def processes(self) -> list[ProcessSpec]:
        return [part for part in self.parts if isinstance(part, ProcessSpec)]

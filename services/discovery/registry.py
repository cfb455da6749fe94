"""The past Eureka's clients want to hear of: since when an instance is there, and which ones left a moment ago."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services.discovery.instances import Instance, Snapshot

DELTA_SECONDS = 180.0
"""How long a departure is told in `/eureka/apps/delta`; clients ask every 30 s."""


@dataclass(slots=True)
class Registry:
    """Compares snapshots; times are Unix milliseconds, and seconds of a monotonic clock for what expires."""

    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    monotonic: Callable[[], float] = time.monotonic
    version: int = 1
    _since: dict[Instance, int] = field(default_factory=dict)
    _departed: dict[Instance, float] = field(default_factory=dict)

    def observe(self, snapshot: Snapshot) -> None:
        """Takes note of what came and went since the last snapshot."""
        present, known = set(snapshot.instances), set(self._since)
        if present != known:
            self.version += 1
        for left in known - present:
            del self._since[left]
            self._departed[left] = self.monotonic()
        for came in present - known:
            self._since[came] = self.now_ms()
        names = {instance.instance_id for instance in present}
        horizon = self.monotonic() - DELTA_SECONDS
        self._departed = {i: at for i, at in self._departed.items() if at > horizon and i.instance_id not in names}

    def since(self, instance: Instance) -> int:
        """Unix milliseconds at which the instance was first seen."""
        return self._since.get(instance, 0)

    def departed(self) -> list[Instance]:
        """Instances that left within the last three minutes and did not come back."""
        return sorted(self._departed)

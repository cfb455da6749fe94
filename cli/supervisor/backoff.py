"""How long to wait before a crashed process is started again."""

import random
from dataclasses import dataclass


@dataclass
class Backoff:
    """Doubles from `first` to `ceiling` seconds with jitter (half of it random); forgets after a healthy run."""

    first: float = 0.2
    ceiling: float = 10.0
    healthy: float = 30.0
    _failures: int = 0

    def after(self, uptime: float) -> float:
        """Seconds to wait after a run that lasted `uptime` seconds."""
        if uptime >= self.healthy:
            self._failures = 0
        whole = min(self.ceiling, self.first * 2.0**self._failures)
        self._failures += 1
        return whole * random.uniform(0.5, 1.0)  # noqa: S311

"""How long work waits in this service before it is begun: what whoever sends it more wants to know."""

import time

FRESH_SECONDS = 5.0
"""Nothing newer for so long means that nothing waits: a queue that has work tells of it every second."""


class Backlog:
    """The longest wait seen of late, in seconds, of commands in Kafka and of due calls without room.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._commands = (0.0, 0.0)
        self._due = (0.0, 0.0)

    def commands_waited(self, seconds: float) -> None:
        """The oldest command of a batch waited this long from when it was written."""
        self._commands = (max(0.0, seconds), time.monotonic())

    def due_waits(self, seconds: float) -> None:
        """So long has the oldest due call waited for someone who has room for it, and will calls wait at the provider
        behind each other."""
        self._due = (seconds, time.monotonic())

    @property
    def wait(self) -> float:
        """Seconds."""
        now = time.monotonic()
        return max(seconds for seconds, at in ((0.0, now), self._commands, self._due) if now - at < FRESH_SECONDS)

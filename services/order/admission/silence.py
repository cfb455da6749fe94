"""How long a partner has owed an answer: a service that is down says nothing of what waits for it."""


class Silence:
    """Since when a partner that was asked `fewest` times has said nothing at all. Times are monotonic seconds.

    An answer to anything ends it: that some orders wait, for a customer at the provider say, is nobody's silence.
    """

    def __init__(self, fewest: int) -> None:
        self._fewest = fewest
        self._asked = 0
        self._since = 0.0

    def asked(self, now: float) -> None:
        if not self._asked:
            self._since = now
        self._asked += 1

    def answered(self) -> None:
        self._asked = 0

    def at(self, now: float) -> float:
        """Seconds."""
        return now - self._since if self._asked >= self._fewest else 0.0

"""How many calls may be brisk at once: more while the provider answers, fewer while it turns calls away."""

import time

from services.payment.answers import Answer, NotCarriedOut, ServerError, Unanswered
from services.payment.settings import PaymentSettings

WINDOW_SECONDS = 1.0
LEAST = 16
"""However much goes wrong."""
ENOUGH = 16
"""Answers, to judge by."""
_REFUSED = 0.05
_FAILED = 0.5
_SLOW = 0.5
"""Of the longest that a call may take."""
_BACK_OFF = 0.7
_STEP = 8
"""The way up goes by an eighth, of what there is or of what it began with."""


class Pace:
    """Careful increase and multiplicative decrease, as in RFC 5681, judged by the answers of a second or a round trip.

    The signs of overload are refusals, errors, and answers so slow that a few more calls would make them none: a
    provider that takes two seconds an answer and gives them all needs more calls at once, not fewer. A refusal says it
    plainly. An error, a silence or a slow answer may be the order's own (its card hangs), so it takes half of all
    answers to be a sign. What is changed shows a round trip later, so no sooner is it judged again.
    """

    def __init__(self, settings: PaymentSettings) -> None:
        self._settings = settings
        self._limit = settings.provider_brisk_concurrency
        self._begin()

    @property
    def limit(self) -> int:
        """Calls that may be brisk at once."""
        return min(self._limit, self._settings.provider_concurrency)

    def wanted(self) -> None:
        """Some call found no room: worth trying more."""
        self._short = True

    def heard(self, answer: Answer, seconds: float) -> None:
        """Takes in an answer, and how long it took."""
        slow = seconds > _SLOW * self._settings.provider_timeout_seconds
        self._answers += 1
        self._refused += isinstance(answer, NotCarriedOut)
        self._failed += slow or isinstance(answer, Unanswered | ServerError)
        if self._answers >= ENOUGH and time.monotonic() - self._since >= max(WINDOW_SECONDS, seconds):
            self._judge()
            self._begin()

    def _begin(self) -> None:
        self._since = time.monotonic()
        self._answers = self._refused = self._failed = 0
        self._short = False

    def _judge(self) -> None:
        if self._refused > _REFUSED * self._answers or self._failed + self._refused >= _FAILED * self._answers:
            least = min(LEAST, self._settings.provider_brisk_concurrency)
            self._limit = max(least, int(self.limit * _BACK_OFF))
        elif self._short:
            # Never twice as many at once: a provider at its limit would answer none of them in time.
            self._limit = self.limit + max(1, max(self.limit, self._settings.provider_brisk_concurrency) // _STEP)

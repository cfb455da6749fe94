"""How many calls may be brisk at once: more while the provider keeps up with them, fewer while it does not."""

import time
from collections import deque
from statistics import median

from services.payment.answers import Answer, NotCarriedOut, ServerError, Unanswered
from services.payment.settings import PaymentSettings

WINDOW_SECONDS = 1.0
LEAST = 16
"""However much goes wrong."""
ENOUGH = 16
"""Answers, to judge by."""
REMEMBERED_SECONDS = 30.0
"""For so long the quickest answers say how long one takes that had to wait for no other."""
_REFUSED = 0.05
_FAILED = 0.5
_BACK_OFF = 0.7
_STEP = 4
"""The way up goes by a quarter, of what there is or of what it began with."""
_AT_EASE_SECONDS, _QUEUED_SECONDS = 0.3, 0.8
"""What an answer may take longer than the quickest; in between the limit stays as it is."""


class Pace:
    """Careful increase and multiplicative decrease (RFC 5681), with the delay as a sign of its own (as in TCP Vegas).

    A provider that takes two seconds an answer, however many are asked, needs more calls at once. One whose answers
    take longer the more are asked works them off one by one: more at once only wait there, until none is answered in
    time. So it goes up while answers are as quick as the quickest of late, and back to where it began while they are
    not: medians, since a slow answer may be the order's own (its card hangs). A refusal says plainly that there are too
    many; errors and silence take half of all answers to be a sign; these lower it further. What is changed shows a
    round trip later, so no sooner is it judged again.
    """

    def __init__(self, settings: PaymentSettings) -> None:
        self._settings = settings
        self._limit = settings.provider_brisk_concurrency
        self._medians: deque[tuple[float, float]] = deque()
        self._delay = 0.0
        self._begin()

    @property
    def limit(self) -> int:
        """Calls that may be brisk at once."""
        return min(self._limit, self._settings.provider_concurrency)

    @property
    def delay(self) -> float:
        """Seconds that calls wait at the provider behind each other; 0 when there are no more than at the beginning,
        for then it is simply slow, and when too few came of late to know."""
        more = self._limit > self._settings.provider_brisk_concurrency
        known = time.monotonic() - self._since < REMEMBERED_SECONDS
        return self._delay if more and known else 0.0

    def wanted(self) -> None:
        """Some call found no room: worth trying more."""
        self._short = True

    def heard(self, answer: Answer, seconds: float) -> None:
        """Takes in an answer, and how long it took."""
        self._took.append(seconds)
        self._refused += isinstance(answer, NotCarriedOut)
        self._failed += isinstance(answer, Unanswered | ServerError)
        now = time.monotonic()
        if len(self._took) >= ENOUGH and now - self._since >= max(WINDOW_SECONDS, seconds):
            self._judge(now)
            self._begin()

    def _begin(self) -> None:
        self._since = time.monotonic()
        self._took: list[float] = []
        self._refused = self._failed = 0
        self._short = False

    def _judge(self, now: float) -> None:
        answers, began = len(self._took), self._settings.provider_brisk_concurrency
        self._delay = self._longer_than_quickest(now)
        if self._refused > _REFUSED * answers or self._failed + self._refused >= _FAILED * answers:
            self._limit = max(min(LEAST, began), int(self.limit * _BACK_OFF))
        elif self._delay > _QUEUED_SECONDS:
            self._limit = max(min(self.limit, began), int(self.limit * _BACK_OFF))
        elif self._short and self._delay < _AT_EASE_SECONDS:
            self._limit = self.limit + max(1, max(self.limit, began) // _STEP)

    def _longer_than_quickest(self, now: float) -> float:
        """What most answers took longer than most did in the best window of late."""
        took = median(self._took)
        self._medians.append((now, took))
        while self._medians[0][0] < now - REMEMBERED_SECONDS:
            self._medians.popleft()
        return took - min(seconds for _, seconds in self._medians)

"""Who of many is taken when not all can be: a fair share each, and what some leave of theirs for the others.

Max-min fairness: nobody who asks for less than the share is refused, and all who ask for more get as much as each
other. So who floods is refused first. After core-stateless fair queueing (Stoica, Shenker, Zhang, SIGCOMM 1998): a
request of a customer who asks at rate r is taken with the chance share / r, and the share is such that of the requests
of late as many would have been taken as may be.
"""

import math
from collections import OrderedDict, deque

from services.order.admission.rate import Rate

_SECONDS = 2.0
MOST_CUSTOMERS = 4096
"""Whoever asked longest ago is forgotten, which is to their advantage."""
_MOST_REQUESTS = 1024


class Shares:
    """Times are monotonic seconds, rates requests a second."""

    def __init__(self) -> None:
        self._share = math.inf
        self._customers: OrderedDict[str, Rate] = OrderedDict()
        self._requests: deque[tuple[float, float]] = deque(maxlen=_MOST_REQUESTS)

    def __len__(self) -> int:
        return len(self._customers)

    def chance(self, customer: str, now: float) -> float:
        """That this request of the customer is taken, from 0 to 1; it counts as asked for, taken or not."""
        rate = self._customers.pop(customer, None) or Rate(_SECONDS)
        self._customers[customer] = rate
        if len(self._customers) > MOST_CUSTOMERS:
            self._customers.popitem(last=False)
        asked = rate.add(now)
        self._requests.append((now, asked))
        return min(1.0, self._share / asked)

    def divide(self, now: float, limit: float) -> None:
        """Sets the share so that as many requests a second are taken as `limit` says."""
        while self._requests and self._requests[0][0] < now - _SECONDS:
            self._requests.popleft()
        full = len(self._requests) == _MOST_REQUESTS
        seconds = max(now - self._requests[0][0], 0.1) if full else _SECONDS
        # Never more than all there is: a burst after a pause finds no requests of late to judge by.
        self._share = min(limit, _share(sorted(asked for _, asked in self._requests), limit * seconds))


def _share(asked: list[float], taken: float) -> float:
    """The share at which, of requests by customers who ask at these rates (ascending), so many are taken."""
    if taken >= len(asked):
        return math.inf
    above = sum(1.0 / rate for rate in asked)
    for whole, rate in enumerate(asked):
        share = (taken - whole) / above
        if share <= rate:
            return max(0.0, share)
        above -= 1.0 / rate
    return math.inf

"""Ports of the loopback for processes that cannot be given port 0."""

import os
import random
from itertools import cycle

from cli.ports import RANGE, is_free

# Each worker goes round the range in an order of its own.
_candidates = cycle(random.Random(os.getpid()).sample(RANGE, len(RANGE)))


def free_port() -> int:
    """A port nothing listens on; it is not named again before the whole range was."""
    return next(port for port in _candidates if is_free(port))

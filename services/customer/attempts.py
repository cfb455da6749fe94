"""How many wrong passwords an e-mail may have: the generic cell rate algorithm (ITU-T I.371), in one timestamp.

`clears_at` is the moment at which every wrong password so far is forgiven; each one pushes it further by `refill`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Allowance:
    """`at_once` wrong passwords in a row, then one more each `refill`."""

    at_once: int
    refill: timedelta


def wait_before_next(clears_at: datetime, now: datetime, allowance: Allowance) -> timedelta:
    """How long until another password may be tried; zero when one may be tried now."""
    return max(timedelta(0), clears_at - now - allowance.refill * (allowance.at_once - 1))


def charged(clears_at: datetime, now: datetime, allowance: Allowance) -> datetime:
    """`clears_at` after one more wrong password."""
    return max(clears_at, now) + allowance.refill

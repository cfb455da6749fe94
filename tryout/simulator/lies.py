"""The ways in which a provider tells less than the truth: `pm_card_simulate_<lie>_<call>` is lied to once an order.

| lie | what becomes of the call |
| --- | --- |
| `failed` | it takes effect, and is answered by a 500 that is kept under its key |
| `lost` | it takes effect, and the connection breaks before the answer has come; its key has the answer |
| `late` | it is not answered, and arrives only when the client has given up |

The calls are `create`, `confirm`, `capture`, `cancel` and `refund`. Creating and confirming in one call is both.
"""

from enum import StrEnum
from itertools import product

_PREFIX = "pm_card_simulate_"
CALLS = ("create", "confirm", "capture", "cancel", "refund")


class Lie(StrEnum):
    FAILED = "failed"
    LOST = "lost"
    LATE = "late"


def token(lie: Lie, call: str) -> str:
    """The payment method that asks for it."""
    return f"{_PREFIX}{lie}_{call}"


TOKENS = {token(lie, call): (lie, call) for lie, call in product(Lie, CALLS)}


class Hang(Exception):
    """No answer: the caller is to give up."""


class Lost(Exception):
    """Booked, and the connection breaks."""

"""Orders at a fixed rate, whatever becomes of them: an open loop.

Every latency counts from the moment the order was due, not from when it could be sent, so that a stall of the platform
(or of this driver) shows in full instead of slowing the load down ("coordinated omission", Gil Tene).
"""

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from cli.bench.connection import Answer, Outcome
from cli.bench.wire import Wire
from cli.platform.client import Token, order_body

GOOD_CARD = "pm_card_visa"
HANGING_CARD = "pm_card_simulate_timeout"
REFUSALS = (429, 503)
"""What says "later" rather than "never"."""

Accepted = Callable[[int, str, float], None]
"""Called with an order's number, its id and when it was due."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`rate` orders a second for `seconds`, evenly spaced; `hanging` is the share whose provider never answers."""

    rate: float
    seconds: float
    hanging: float = 0.0

    @property
    def orders(self) -> int:
        return max(1, round(self.rate * self.seconds))

    @property
    def hangs(self) -> int:
        """How many of the orders hang."""
        return int(self.orders * self.hanging)

    def card(self, number: int) -> str:
        """The payment token of an order by its number: the hanging ones are spread evenly."""
        hangs = int((number + 1) * self.hanging) > int(number * self.hanging)
        return HANGING_CARD if hangs else GOOD_CARD


@dataclass(slots=True)
class Sent:
    """`started` and `due` (by order id) on the monotonic clock; `post_seconds` of every accepted order.

    `refused` counts the answers that say "later", `hinted` those of them with a Retry-After; both count as errors too.
    """

    due: dict[str, float] = field(default_factory=dict)
    post_seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    hinted: int = 0
    tried: int = 0
    answered: int = 0
    started: float = 0.0
    seconds: float = 0.0


class Load:
    """Sends orders on schedule through the gateway, with the tokens in turn."""

    def __init__(self, wire: Wire, tokens: Sequence[Token], accepted: Accepted) -> None:
        self._wire = wire
        self._heads = [_head(wire, token) for token in tokens]
        self._accepted = accepted
        self._all_answered = asyncio.Event()
        self.sent = Sent()

    async def run(self, schedule: Schedule, products: Sequence[str], at: float | None = None) -> None:
        """Returns once every order was sent, each of two of the products, chosen at random.

        `at`, on the monotonic clock, is when the first one is due; now by default. It may be past: what is overdue is
        sent at once, and counts from when it was due.
        """
        self.sent.started = started = time.monotonic() if at is None else at
        keys = secrets.token_hex(8)
        for number in range(schedule.orders):
            due = started + number / schedule.rate
            if (ahead := due - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            body = orjson.dumps(order_body(dict.fromkeys(random.sample(products, 2), 1), schedule.card(number)))
            head = f"{self._heads[number % len(self._heads)]}idempotency-key: bench-{keys}-{number}\r\n"
            request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
            self.sent.tried += 1
            self._wire.send(request, lambda outcome, n=number, at=due: self._answered(n, at, outcome))  # type: ignore[misc]
        self.sent.seconds = max(time.monotonic() - started, schedule.seconds)

    async def answered(self) -> None:
        """Returns once every order that was sent is answered, or will never be."""
        while self.sent.answered < self.sent.tried:
            self._all_answered.clear()
            await self._all_answered.wait()

    def _answered(self, number: int, due: float, outcome: Outcome) -> None:
        self.sent.answered += 1
        if self.sent.answered == self.sent.tried:
            self._all_answered.set()
        if not isinstance(outcome, Answer):
            self.sent.errors[outcome] += 1
        elif outcome.status == 202:
            self.sent.post_seconds.append(time.monotonic() - due)
            order_id = outcome.location.rpartition("/")[2]
            self.sent.due[order_id] = due
            self._accepted(number, order_id, due)
        else:
            self.sent.errors[str(outcome.status)] += 1
            if outcome.status in REFUSALS:
                self.sent.refused += 1
                self.sent.hinted += outcome.retry_after


def _head(wire: Wire, token: Token) -> str:
    return (
        f"POST /api/v1/orders HTTP/1.1\r\n{wire.host_header}authorization: Bearer {token.access}\r\n"
        "content-type: application/json\r\n"
    )

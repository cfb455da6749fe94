"""When CONFIRMED is really seen: some of the orders, read again and again by their owners from acceptance on."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import orjson

from cli.bench.connection import Answer
from cli.bench.load import GOOD_CARD, Schedule
from cli.bench.wire import Wire
from cli.platform.client import Token

EVERY = 50
"""One order in so many is read."""
APART_SECONDS = 0.25
AT_ONCE = 4
PAUSE_SECONDS = 0.005
PRECISION = 0.02
"""The pause grows to this share of the time waited: a long wait is read as exactly, and not more often."""
LONGEST_SECONDS = 60.0
MOVING = frozenset({"PENDING", "RESERVED", "AUTHORIZED"})


class Readers:
    """`seen` holds the seconds from when an order was due to the answer that said CONFIRMED; `reads` counts answers."""

    def __init__(self, wire: Wire, tokens: Sequence[Token], schedule: Schedule) -> None:
        self.seen: list[float] = []
        self.reads = 0
        self.errors: Counter[str] = Counter()
        self._wire = wire
        self._tokens = tokens
        self._schedule = schedule
        self._tasks: set[asyncio.Task[None]] = set()
        self._next = 0.0

    def accepted(self, number: int, order_id: str, due: float) -> None:
        """Reads this order if it is one of the sample."""
        chosen = number % EVERY == 0 and self._schedule.card(number) == GOOD_CARD
        if not chosen or due < self._next or len(self._tasks) >= AT_ONCE:
            return
        self._next = due + APART_SECONDS
        task = asyncio.create_task(self._follow(order_id, due, self._tokens[number % len(self._tokens)]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        await asyncio.gather(*self._tasks)

    async def _follow(self, order_id: str, due: float, token: Token) -> None:
        request = (
            f"GET /api/v1/orders/{order_id} HTTP/1.1\r\n{self._wire.host_header}"
            f"authorization: Bearer {token.access}\r\n\r\n"
        ).encode()
        began = time.monotonic()
        while (waited := time.monotonic() - began) < LONGEST_SECONDS:
            await asyncio.sleep(max(PAUSE_SECONDS, waited * PRECISION))
            answer = await self._wire.ask(request)
            if not isinstance(answer, Answer) or answer.status != 200:
                self.errors[f"GET: {answer.status if isinstance(answer, Answer) else answer}"] += 1
                return
            self.reads += 1
            status = orjson.loads(answer.body)["status"]
            if status == "CONFIRMED":
                self.seen.append(time.monotonic() - due)
            if status not in MOVING:
                return

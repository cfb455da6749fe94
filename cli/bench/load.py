"""Orders at a fixed rate, whatever becomes of them: an open loop.

Every latency counts from the moment the order was due, not from when it could be sent, so that a stall of the platform
(or of this driver) shows in full instead of slowing the load down ("coordinated omission", Gil Tene).
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
import orjson

from cli.platform.client import Client, Token, order_body
from cli.platform.errors import PlatformError

SETTLE_SECONDS = 60.0
"""How long after the last order its confirmation may come."""
VERIFIED = 100
"""How many confirmations are read back through the gateway."""

GOOD_CARD = "pm_card_visa"
HANGING_CARD = "pm_card_simulate_timeout"
FOREIGN_SECONDS = 5.0
"""An order of which no POST was answered for so long is somebody else's."""


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
    """`due` and `answered` on the monotonic clock by order id; `post_seconds` of every accepted order."""

    due: dict[str, float] = field(default_factory=dict)
    owners: dict[str, Token] = field(default_factory=dict)
    post_seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    tried: int = 0
    seconds: float = 0.0


class Load:
    """Sends orders on schedule through the gateway, with the tokens in turn."""

    def __init__(self, gateway_url: str, session: aiohttp.ClientSession, tokens: Sequence[Token]) -> None:
        self._url = f"{gateway_url}/api/v1/orders"
        self._session = session
        self._tokens = tokens
        self.sent = Sent()

    async def run(self, schedule: Schedule, products: Sequence[str]) -> None:
        """Returns once every order sent was answered. Each is of two of the products, chosen at random."""
        started = time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        for number in range(schedule.orders):
            due = started + number / schedule.rate
            if (ahead := due - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            body = orjson.dumps(order_body(dict.fromkeys(random.sample(products, 2), 1), schedule.card(number)))
            task = asyncio.create_task(self._place(due, body, self._tokens[number % len(self._tokens)]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        self.sent.seconds = max(time.monotonic() - started, schedule.seconds)
        await asyncio.gather(*tasks)

    async def _place(self, due: float, body: bytes, token: Token) -> None:
        self.sent.tried += 1
        headers = {
            "authorization": f"Bearer {token.access}",
            "content-type": "application/json",
            "idempotency-key": str(uuid4()),
        }
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.sent.errors[type(error).__name__] += 1
            return
        if response.status != 202:
            self.sent.errors[str(response.status)] += 1
            return
        self.sent.post_seconds.append(time.monotonic() - due)
        order_id = orjson.loads(answer)["id"]
        self.sent.due[order_id] = due
        self.sent.owners[order_id] = token


class Verifier:
    """Reads a sample of the orders through the gateway as soon as the feed tells of their confirmation."""

    def __init__(self, client: Client, sent: Sent, schedule: Schedule) -> None:
        self.verified = 0
        self.early = 0
        """Orders that the feed called CONFIRMED before the API did."""
        self._client = client
        self._sent = sent
        self._every = max(1, schedule.orders // VERIFIED)
        self._loop = asyncio.get_running_loop()
        self._seen = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def told(self, order_id: str) -> None:
        """Called from the thread that reads the feed."""
        self._seen += 1
        if self._seen % self._every == 0:
            self._loop.call_soon_threadsafe(self._begin, order_id)

    async def finish(self) -> None:
        await asyncio.gather(*self._tasks)

    def _begin(self, order_id: str) -> None:
        task = self._loop.create_task(self._verify(order_id))
        self._tasks.add(task)

    async def _verify(self, order_id: str) -> None:
        patience = time.monotonic() + FOREIGN_SECONDS
        while order_id not in self._sent.owners:  # the confirmation may overtake the answer to the POST
            if time.monotonic() > patience:
                return
            await asyncio.sleep(0.005)
        try:
            order = await self._client.order(self._sent.owners[order_id], order_id)
        except PlatformError as error:
            self._sent.errors[f"GET: {type(error).__name__}"] += 1
            return
        self.verified += 1
        self.early += order["status"] != "CONFIRMED"

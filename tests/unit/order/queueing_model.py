"""A model of the platform in simulated time around the real gate.

Every step of an order is work on one machine, which the queues that have something share equally: placing, which comes
first, is as eager as all that follows, and an order costs the same however much waits. Each replica of the order
service has a gate of its own and hears the replies that come to its partitions; they know nothing of each other.
"""

import heapq
import math
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from pydantic import SecretStr

from services.chassis.messaging.messages import Message
from services.chassis.storage.database import Database
from services.order.admission.backlog import Backlog
from services.order.admission.judge import Judge
from services.order.admission.way import SPAN_SECONDS
from services.order.settings import OrderSettings

TICK = 0.01
BEGAN = 1_700_000_000.0
"""The time of day when it begins."""
STEPS = ("place", "reserve", "reserved", "authorize", "authorized", "capture", "captured")
REPLIES = {
    "reserved": "mercato.product.reserved.v1",
    "authorized": "mercato.payment.authorized.v1",
    "captured": "mercato.payment.captured.v1",
}
REFUSAL = 0.02
"""What a refusal costs, as a share of an order."""
DEADLINE_SECONDS = 20.0


@dataclass
class Order:
    """`since` when it came into its queue, `waited` how long it was in the one before."""

    id: UUID
    created: float
    replica: int
    number: int
    hangs: bool
    step: int = 0
    since: float = 0.0
    waited: float = 0.0


@dataclass
class Second:
    """What happened in one: `took` has the seconds that the orders needed which ended in it."""

    asked: int = 0
    refused: int = 0
    took: list[float] = field(default_factory=list)


class Model:
    """Does `capacity` orders a second; the provider answers after `answer` seconds, which cost nothing.

    `provider`: calls a second that the provider does on a machine of its own, one after the other; how long they wait
    there is known, and told, once they are answered.
    """

    def __init__(self, capacity: float, *, replicas: int = 1, answer: float = 0.0, provider: float = math.inf) -> None:
        self.now = 0.0
        self.capacity = capacity
        self.seconds: defaultdict[int, Second] = defaultdict(Second)
        self.asked: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.most_waiting = 0
        self.late = 0
        self._begun: deque[float] = deque()
        self._under_way: dict[UUID, float] = {}
        self._answer = answer
        self._provider = provider
        self._provider_free_at = 0.0
        self._random = random.Random(1)
        self._gates = [self._gate() for _ in range(replicas)]
        self._queues: dict[str, deque[Order]] = {step: deque() for step in STEPS}
        self._credit: defaultdict[str, float] = defaultdict(float)
        self._at_provider: list[tuple[float, int, Order]] = []
        self._numbers = count()
        self._refusing = 0.0
        self._due = 0.0

    def _gate(self) -> tuple[Backlog, Judge]:
        settings = OrderSettings(database_url=SecretStr("postgresql://unused"), issuer="https://issuer.test")
        # The database is asked only where product says nothing at all, which never happens here.
        backlog = Backlog(settings, Database(settings), lambda: self.now, lambda: BEGAN + self.now)
        return backlog, Judge(backlog, lambda: self.now, self._random.random)

    def run(
        self,
        seconds: float,
        rate: float,
        *,
        hanging: float = 0.0,
        customer: Callable[[int], str] = "customer-{}".format,
    ) -> None:
        """Orders come at `rate`, each by its own customer unless `customer` says whose the nth is."""
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            self._due += rate * TICK * self._random.uniform(0.5, 1.5)
            while self._due >= 1.0:
                self._due -= 1.0
                self._arrive(customer(next(self._numbers)), hanging)
            while self._at_provider and self._at_provider[0][0] <= self.now:
                self._go_on(heapq.heappop(self._at_provider)[2])
            self._work()
            for backlog, judge in self._gates if round(self.now / TICK) % 50 == 0 else []:
                self._count(backlog)
                judge.update()
            self.most_waiting = max(self.most_waiting, sum(map(len, self._queues.values())))

    @property
    def under_way(self) -> int:
        """Orders that are neither refused nor ended."""
        return sum(map(len, self._queues.values())) + len(self._at_provider)

    def goodput(self, first: int, last: int) -> float:
        """Orders a second that ended from one second on and before another."""
        return sum(len(self.seconds[second].took) for second in range(first, last)) / (last - first)

    def refused(self, first: int, last: int) -> int:
        return sum(self.seconds[second].refused for second in range(first, last))

    def longest(self, first: int, last: int) -> float:
        """Seconds needed by the slowest order that ended then."""
        return max(max(self.seconds[second].took, default=0.0) for second in range(first, last))

    def _arrive(self, customer: str, hanging: float) -> None:
        number = self._random.randrange(len(self._gates))
        backlog, judge = self._gates[number]
        self.asked[customer] += 1
        self.seconds[int(self.now)].asked += 1
        if not judge.takes(customer):
            self.seconds[int(self.now)].refused += 1
            self._refusing += REFUSAL * len(STEPS)
            return
        self.taken[customer] += 1
        hangs = self._random.random() < hanging
        order = Order(_id(BEGAN + self.now), self.now, number, backlog.begun(), hangs)
        self._begun.append(self.now)
        self._under_way[order.id] = self.now
        self._queue(order)

    def _work(self) -> None:
        """A tick's worth of steps; refusals first."""
        left = self.capacity * TICK * len(STEPS)
        refusing = min(self._refusing, left)
        self._refusing -= refusing
        left -= refusing
        while left > 0.001 and (busy := [step for step in STEPS if self._queues[step]]):
            share, left = left / len(busy), 0.0
            for step in busy:
                left += self._work_on(step, share)

    def _work_on(self, step: str, share: float) -> float:
        """What is left of the share once the queue is empty."""
        self._credit[step] += share
        queue = self._queues[step]
        while queue and self._credit[step] >= 1.0:
            self._credit[step] -= 1.0
            self._done(queue.popleft(), step)
        return 0.0 if queue else self._credit.pop(step)

    def _done(self, order: Order, step: str) -> None:
        waited = self.now - order.since
        if step == "authorized":
            self._under_way.pop(order.id, None)
        if step == "place":
            self._gates[order.replica][0].ended(order.number, placed=True)
        elif step in REPLIES:
            self._hear(order, step)
        order.waited = waited
        if step not in ("authorize", "capture"):
            self._go_on(order)
            return
        pause = DEADLINE_SECONDS if order.hangs else self._answer + self._queue_at_provider(order)
        if pause:
            heapq.heappush(self._at_provider, (self.now + pause, next(self._numbers), order))
        else:
            self._go_on(order)

    def _queue_at_provider(self, order: Order) -> float:
        waits = max(0.0, self._provider_free_at - self.now)
        self._provider_free_at = self.now + waits + 1.0 / self._provider
        order.waited += waits
        return waits

    def _count(self, backlog: Backlog) -> None:
        """As the database does."""
        lately, counted = self.now - SPAN_SECONDS, self.now - backlog.way.counted_seconds
        self._begun = deque(at for at in self._begun if at >= lately)
        self._under_way = {order: at for order, at in self._under_way.items() if at >= self.now - DEADLINE_SECONDS}
        under_way = sum(at >= counted for at in self._under_way.values())
        backlog.way.counted(self.now, under_way, len(self._begun))

    def _hear(self, order: Order, step: str) -> None:
        sent = datetime.fromtimestamp(BEGAN + order.since, UTC)
        reply = Message("order.replies", str(order.id), REPLIES[step], {}, wait=order.waited, sent=sent)
        self._random.choice(self._gates)[0].heard([reply])

    def _go_on(self, order: Order) -> None:
        order.step += 1
        if order.step < len(STEPS) and not (order.hangs and STEPS[order.step] == "authorized"):
            self._queue(order)
            return
        took = self.now - order.created
        self.late += took > DEADLINE_SECONDS and not order.hangs
        if not order.hangs:
            self.seconds[int(self.now)].took.append(took)

    def _queue(self, order: Order) -> None:
        order.since = self.now
        self._queues[STEPS[order.step]].append(order)


def _id(at: float) -> UUID:
    """A UUIDv7 made at this time of day (RFC 9562, 5.7)."""
    return UUID(int=(int(at * 1000) << 80) | (7 << 76) | (2 << 62) | random.getrandbits(62))

"""One run at one rate: load, what became of each order, processor time."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cli.bench.confirmations import Confirmations
from cli.bench.customers import Customers, stocked
from cli.bench.load import Load, Schedule, Sent
from cli.bench.processes import core_milliseconds, processor_seconds
from cli.bench.readers import Readers
from cli.bench.report import Floors, Latency, Report
from cli.bench.wire import Wire
from cli.instance import Instance
from cli.platform.client import Client
from cli.platform.kafka import Kafka

SETTLE_SECONDS = 60.0
"""How long after the last order its end may come."""
SETTLE_EVERY = 0.1

Say = Callable[[str], None]
After = Callable[[float], Awaitable[None]]
"""Called with the moment, on the monotonic clock, at which the load ended."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What every run needs."""

    instance: Instance
    client: Client
    wire: Wire
    customers: Customers
    floors: Floors
    say: Say


async def drive(stage: Stage, schedule: Schedule, after: After | None = None, at: float | None = None) -> Report:
    """Returns when every accepted order has ended, or waiting is over. `after` is called when the last one was sent;
    `at` is when the first one is due, on the monotonic clock.

    Raises PlatformError when the platform is not fit to be driven.
    """
    instance = stage.instance
    products = await stocked(stage.client, instance, schedule.orders)
    tokens = await stage.customers.for_rate(schedule.rate, schedule.seconds + SETTLE_SECONDS)
    readers = Readers(stage.wire, tokens, schedule)
    load = Load(stage.wire, tokens, readers.accepted)
    stage.say(f"{schedule.rate:.4g} orders/s for {schedule.seconds:.0f} s …")
    with Confirmations(Kafka(instance), instance.kafka_bootstrap) as feed:
        before = processor_seconds(instance.processes())
        await load.run(schedule, products, at)
        if after:
            await after(load.sent.started + load.sent.seconds)
        await load.answered()
        await _settle(load.sent, feed)
        spent = core_milliseconds(before, processor_seconds(instance.processes()), len(load.sent.due))
        await readers.finish()
    return _report(schedule, load.sent, feed, readers, core_ms=spent, floors=stage.floors)


async def _settle(sent: Sent, feed: Confirmations) -> None:
    """Until every accepted order has ended, or waiting is over."""
    deadline = time.monotonic() + SETTLE_SECONDS
    waiting = list(sent.due)
    while time.monotonic() < deadline:
        waiting = [order_id for order_id in waiting if not feed.ended(order_id)]
        if not waiting:
            return
        await asyncio.sleep(SETTLE_EVERY)


def _report(
    schedule: Schedule,
    sent: Sent,
    feed: Confirmations,
    readers: Readers,
    *,
    core_ms: dict[str, float],
    floors: Floors,
) -> Report:
    ended = {order_id: feed.confirmed[order_id] for order_id in sent.due if order_id in feed.confirmed}
    reasons = Counter(feed.rejected[order_id] for order_id in sent.due if order_id in feed.rejected)
    driven = sum(moment <= sent.started + sent.seconds for moment in ended.values())
    took = max(max(ended.values(), default=0.0) - sent.started, sent.seconds)
    return Report(
        rate=schedule.rate,
        seconds=schedule.seconds,
        tried=sent.tried,
        hanging=schedule.hangs,
        accepted=len(sent.due),
        confirmed=len(ended),
        rejected=reasons.total(),
        unconfirmed=len(sent.due) - len(ended) - reasons.total(),
        errors=dict(sent.errors + readers.errors),
        accepted_per_second=len(sent.due) / sent.seconds,
        confirmed_per_second=len(ended) / took,
        post=Latency.of(sent.post_seconds),
        confirmation=Latency.of([moment - sent.due[order_id] for order_id, moment in ended.items()]),
        verified=len(readers.seen),
        core_ms_per_order={name: round(value, 3) for name, value in core_ms.items()},
        floors=floors,
        confirmation_seen=Latency.of(readers.seen),
        reads=readers.reads,
        reasons=dict(reasons),
        refused=sent.refused,
        refused_with_retry_after=sent.hinted,
        confirmed_while_driven_per_second=driven / sent.seconds,
    )

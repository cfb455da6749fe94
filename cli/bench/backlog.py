"""Whether the platform keeps up: what is under way, counted again and again while it is driven."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression

from cli.instance import Instance
from cli.invariants import in_flight
from cli.invariants.in_flight import InFlight
from cli.platform.databases import Databases
from cli.platform.kafka import Kafka

LOOKS = 10
"""In one run."""
SETTLING = 0.3
"""The share of a run before its backlogs are judged."""
MESSAGES = 14
"""Of one order, about: how many may wait is told in seconds' worth of orders."""
WORTH_SECONDS = 1.0
"""A backlog of less is what is being worked on."""
GROWN_SECONDS = 0.5
"""A larger one may grow by so many seconds' worth while it is looked at: less is the swing of what is steady."""

PER_ORDER = {"orders": 1, "payments": 1, "mails": 1, "outbox rows": MESSAGES, "messages to take": MESSAGES}


@dataclass(frozen=True, slots=True)
class Look:
    """`at` in seconds since the run began."""

    at: float
    waiting: Mapping[str, int]

    @classmethod
    def of(cls, at: float, found: InFlight) -> "Look":
        outbox, messages = sum(found.outbox.values()), sum(found.lag.values())
        counts = (found.orders, found.payments, found.mails, outbox, messages)
        return cls(at, dict(zip(PER_ORDER, counts, strict=True)))


def growing(looks: Sequence[Look], rate: float) -> list[str]:
    """The backlogs that were still growing at the end of a run at this rate, in words."""
    grown = []
    for name, per_order in PER_ORDER.items():
        counts = [look.waiting[name] for look in looks]
        slope = linear_regression([look.at for look in looks], counts).slope if len(looks) > 1 else 0.0
        grown_by = slope * (looks[-1].at - looks[0].at) if looks else 0.0
        comes = rate * per_order
        if counts and counts[-1] > comes * WORTH_SECONDS and grown_by > comes * GROWN_SECONDS:
            grown.append(f"{name}: {counts[-1]} waiting, {slope:.1f}/s more")
    return grown


async def watch(instance: Instance, seconds: float) -> list[Look]:
    """Looks at the backlogs through the later part of a run that begins now."""
    return await asyncio.to_thread(_watch, instance, seconds)


def _watch(instance: Instance, seconds: float) -> list[Look]:
    looks: list[Look] = []
    started = time.monotonic()
    with Databases(instance) as databases:
        kafka = Kafka(instance)
        for number in range(LOOKS):
            due = started + seconds * (SETTLING + (1 - SETTLING) * (number + 1) / LOOKS)
            time.sleep(max(0.0, due - time.monotonic()))
            looks.append(Look.of(time.monotonic() - started, in_flight.look(databases, kafka)))
    return looks


async def rest(instance: Instance, seconds: float, tell: Callable[[InFlight], None]) -> int:
    """Waits until nothing is under way, or for `seconds`; how much still is."""

    def wait() -> int:
        with Databases(instance) as databases:
            return in_flight.wait(databases, Kafka(instance), seconds, tell).total

    return await asyncio.to_thread(wait)

"""What is still under way, counted: the checker waits until nothing is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cli.invariants.logs import Logs, Subscription
from cli.invariants.rows import Violation
from cli.platform.databases import Databases
from cli.platform.kafka import Kafka

EVERY = 0.25
"""Seconds between two looks."""

_ORDERS = """
SELECT count(*) FROM orders
WHERE status IN ('PENDING', 'RESERVED', 'AUTHORIZED') OR payment IN ('pending', 'authorized', 'reversing')
"""
_PAYMENTS = "SELECT count(*) FROM payment WHERE due_at IS NOT NULL"
_MAILS = "SELECT count(*) FROM notification WHERE sent_at IS NULL AND failed_at IS NULL"


@dataclass(frozen=True, slots=True)
class InFlight:
    """Numbers of orders that move, outbox rows by service, messages to be taken, provider calls, and mails to send."""

    orders: int
    outbox: dict[str, int]
    lag: dict[Subscription, int]
    payments: int
    mails: int

    @property
    def total(self) -> int:
        return self.orders + self.payments + self.mails + sum(self.outbox.values()) + sum(self.lag.values())

    def violations(self) -> list[Violation]:
        """What waited too long and is not named by an order."""
        return [
            Violation(4, None, f"{count} outbox rows of {service} still wait to be published")
            for service, count in self.outbox.items()
            if count
        ] + [
            Violation(2, None, f"{count} messages of {one.topic} are still to be taken by {one.group}")
            for one, count in self.lag.items()
            if count
        ]

    def __str__(self) -> str:
        parts = {
            "orders": self.orders,
            "outbox rows": sum(self.outbox.values()),
            "messages": sum(self.lag.values()),
            "payments": self.payments,
            "mails": self.mails,
        }
        return ", ".join(f"{count} {name}" for name, count in parts.items() if count) or "nothing"


def look(databases: Databases, kafka: Kafka) -> InFlight:
    """Downstream, so that what moves on between two counts is met again."""
    return InFlight(
        orders=databases.number("order", _ORDERS),
        outbox=databases.outbox_backlog(),
        lag=Logs(kafka).lag(),
        payments=databases.number("payment", _PAYMENTS),
        mails=databases.number("notification", _MAILS),
    )


def wait(databases: Databases, kafka: Kafka, seconds: float, tell: Callable[[InFlight], None]) -> InFlight:
    """Returns once nothing is under way, or after `seconds`, with what still is."""
    deadline = time.monotonic() + seconds
    while True:
        found = look(databases, kafka)
        if found.total == 0 or time.monotonic() >= deadline:
            return found
        tell(found)
        time.sleep(EVERY)

"""What a run of the driver found, as numbers and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    p50: float
    p95: float
    p99: float
    highest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency | None":
        """None when there is nothing to tell of."""
        if not seconds:
            return None
        ordered = sorted(value * 1000 for value in seconds)
        return cls(*(round(percentile(ordered, share), 1) for share in (0.50, 0.95, 0.99, 1.0)))

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f}  p95 {self.p95:.1f}  p99 {self.p99:.1f}  highest {self.highest:.1f} ms"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above (nearest rank)."""
    rank = -(-len(ordered) * round(share * 100) // 100)
    return ordered[max(rank, 1) - 1]


@dataclass(frozen=True, slots=True)
class Floors:
    """Per second, of the parts alone, on this many cores."""

    postgres_transactions: float
    kafka_produced: float
    kafka_consumed: float
    envoy_answers: float
    cores: int = 1

    def transactions_per_order(self, core_ms: float) -> float:
        """How many floor transactions PostgreSQL makes on all cores in the processor time of an order."""
        return core_ms * self.postgres_transactions / (1000 * self.cores)

    def orders_per_transaction(self, capacity: float) -> float:
        """A capacity in orders a second as a share of the floor: what can be compared between machines."""
        return capacity / self.postgres_transactions

    def lines(self) -> list[str]:
        return [
            f"floors of this machine, {self.cores} cores, in the same run (their clients share its cores)",
            f"  PostgreSQL, durable transactions of two inserts  {self.postgres_transactions:10,.0f}/s",
            f"  Kafka, records written                           {self.kafka_produced:10,.0f}/s",
            f"  Kafka, records read                              {self.kafka_consumed:10,.0f}/s",
            f"  Envoy, requests answered by itself               {self.envoy_answers:10,.0f}/s",
        ]


@dataclass(frozen=True, slots=True)
class Report:
    """`confirmed` counts among the `accepted`; `unconfirmed` neither confirmed nor rejected when waiting ended.

    Latencies count from when an order was due. `core_ms_per_order` is by process.
    """

    rate: float
    seconds: float
    tried: int
    hanging: int
    """Orders whose payment provider was told never to answer: they must end REJECTED, all others CONFIRMED."""
    accepted: int
    confirmed: int
    rejected: int
    unconfirmed: int
    errors: Mapping[str, int]
    accepted_per_second: float
    confirmed_per_second: float
    post: Latency | None
    confirmation: Latency | None
    """By the order's own `updated_at`."""
    verified: int
    """Orders read as CONFIRMED through the gateway."""
    core_ms_per_order: Mapping[str, float]
    floors: Floors | None
    confirmation_seen: Latency | None = None
    """By those readers, who ask again and again from acceptance on."""
    reads: int = 0
    """How often they asked."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Of the rejected orders."""
    refused: int = 0
    """Answers 429 and 503, which are among the errors."""
    refused_with_retry_after: int = 0
    confirmed_while_driven_per_second: float = 0.0

    @property
    def ok(self) -> bool:
        return (self.confirmed, self.rejected) == (self.tried - self.hanging, self.hanging) and not self.errors

    @property
    def core_ms(self) -> float:
        return sum(self.core_ms_per_order.values())

    @property
    def floor_transactions(self) -> float | None:
        return self.floors.transactions_per_order(self.core_ms) if self.floors else None

    def document(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "core_ms_per_order_total": round(self.core_ms, 3),
            "floor_transactions_per_order": self.floor_transactions and round(self.floor_transactions, 1),
        }

    def lines(self) -> list[str]:
        """For people."""
        wrong = ", ".join(f"{count} × {name}" for name, count in self.errors.items()) or "none"
        reasons = ", ".join(f"{count} × {reason}" for reason, count in self.reasons.items())
        return [
            f"{self.tried} orders due at {self.rate:g}/s for {self.seconds:.0f} s",
            f"accepted    {self.accepted} ({self.accepted_per_second:.1f}/s)",
            f"confirmed   {self.confirmed} ({self.confirmed_per_second:.1f}/s)",
            f"else        {self.rejected} rejected{f' ({reasons})' if reasons else ''}, {self.unconfirmed} open",
            f"errors      {wrong}",
            f"POST                          {self.post or '-'}",
            f"POST to CONFIRMED             {self.confirmation or '-'}",
            f"CONFIRMED seen by {self.verified:3} readers  {self.confirmation_seen or '-'}",
        ]

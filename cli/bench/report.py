"""What a run of the driver found, as numbers and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
    """Per second, of the parts alone."""

    postgres_transactions: float
    kafka_produced: float
    kafka_consumed: float
    envoy_answers: float


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
    verified: int
    core_ms_per_order: Mapping[str, float]
    floors: Floors | None

    @property
    def ok(self) -> bool:
        return (self.confirmed, self.rejected) == (self.tried - self.hanging, self.hanging) and not self.errors

    def document(self) -> dict[str, Any]:
        total = round(sum(self.core_ms_per_order.values()), 3)
        return {**asdict(self), "core_ms_per_order_total": total}

    def lines(self) -> list[str]:
        """For people."""
        wrong = ", ".join(f"{count} × {name}" for name, count in self.errors.items()) or "none"
        text = [
            f"{self.tried} orders due at {self.rate:g}/s for {self.seconds:.0f} s",
            f"accepted    {self.accepted} ({self.accepted_per_second:.1f}/s)",
            f"confirmed   {self.confirmed} ({self.confirmed_per_second:.1f}/s), {self.verified} of them read back",
            f"else        {self.rejected} rejected, {self.unconfirmed} open",
            f"errors      {wrong}",
            f"POST                {self.post or '-'}",
            f"POST to CONFIRMED   {self.confirmation or '-'}",
            "",
            "core-milliseconds per order",
        ]
        ranked = sorted(self.core_ms_per_order.items(), key=lambda item: -item[1])
        text += [f"  {name:<16}{value:8.2f}" for name, value in ranked]
        text.append(f"  {'together':<16}{sum(self.core_ms_per_order.values()):8.2f}")
        if self.floors:
            text += [
                "",
                "floors of this machine, in the same run (their clients share its cores)",
                f"  PostgreSQL, durable transactions of two inserts  {self.floors.postgres_transactions:10,.0f}/s",
                f"  Kafka, records written                           {self.floors.kafka_produced:10,.0f}/s",
                f"  Kafka, records read                              {self.floors.kafka_consumed:10,.0f}/s",
                f"  Envoy, requests answered by itself               {self.floors.envoy_answers:10,.0f}/s",
            ]
        return text

"""More than the platform can do: what is still done, what is refused and how, and how fast it is afterwards."""

from dataclasses import dataclass, field
from typing import Any

from cli.bench.capacity import violations
from cli.bench.load import Schedule
from cli.bench.report import Report
from cli.bench.run import Stage, drive

CALM = Schedule(rate=10, seconds=10)
"""How fast the platform is before, and 10 s after."""
RECOVERY_SECONDS = 10.0
DEADLINES = frozenset({"expired", "payment_timeout"})
"""The reasons of accepted orders that a deadline ended."""


@dataclass(frozen=True, slots=True)
class Overload:
    """Runs before, during and from 10 s after the load."""

    factor: float
    before: Report
    run: Report
    after: Report
    violations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ended_by_deadline(self) -> int:
        return sum(count for reason, count in self.run.reasons.items() if reason in DEADLINES)

    @property
    def refused_without_retry_after(self) -> int:
        return self.run.refused - self.run.refused_with_retry_after

    @property
    def ok(self) -> bool:
        return not self.violations and not self.refused_without_retry_after and self.before.ok and self.after.ok

    def document(self) -> dict[str, Any]:
        return {
            "factor": self.factor,
            "goodput": round(self.run.confirmed_while_driven_per_second, 2),
            "refused": self.run.refused,
            "refused_without_retry_after": self.refused_without_retry_after,
            "ended_by_deadline": self.ended_by_deadline,
            "before": self.before.document(),
            "run": self.run.document(),
            "after": self.after.document(),
            "violations": self.violations,
        }

    def lines(self) -> list[str]:
        refused = f"{self.run.refused}, {self.refused_without_retry_after} of them without Retry-After"
        share = self.ended_by_deadline / max(self.run.accepted, 1)
        return [
            f"overload: {self.run.rate:g} orders/s for {self.run.seconds:.0f} s",
            f"  confirmed while driven           {self.run.confirmed_while_driven_per_second:.1f}/s",
            f"  accepted                         {self.run.accepted} of {self.run.tried}",
            f"  refused                          {refused}",
            f"  accepted, ended by a deadline    {self.ended_by_deadline} ({share:.2%})",
            f"  calm before                      {self.before.confirmation or '-'}",
            f"  calm, from 10 s after the end    {self.after.confirmation or '-'}",
        ]


async def overload(stage: Stage, rate: float, factor: float, seconds: float) -> Overload:
    """Raises PlatformError when the platform is not fit to be driven."""
    before = await drive(stage, CALM)
    found: list[Report] = []

    async def calm_again(ended: float) -> None:
        found.append(await drive(stage, CALM, at=ended + RECOVERY_SECONDS))

    run = await drive(stage, Schedule(rate * factor, seconds), after=calm_again)
    stage.say("checking what always holds …")
    return Overload(factor, before, run, found[0], await violations(stage))

"""The capacity: the highest rate that the platform holds for a minute with every lag and backlog bounded."""

import asyncio
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from cli.bench import backlog
from cli.bench.load import Schedule
from cli.bench.report import Floors, Report
from cli.bench.run import Stage, drive
from cli.bench.search import highest
from cli.invariants.check import check
from cli.invariants.in_flight import InFlight

PROBE_SECONDS = 15
PROOF_SECONDS = 60
SEARCH_SECONDS = 420.0
"""No further probe begins after it; at most four proofs of a minute follow."""
REST_SECONDS = 60.0
"""Until what a run has left is worked off."""
BEGIN = 0.005
"""The first rate, as a share of PostgreSQL's floor."""
SHOWN = 20
"""Violations that are printed for people."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One rate that was tried: `exceeded` says in words what was not bounded; nothing means that it was held."""

    run: Report
    exceeded: list[str]


@dataclass(frozen=True, slots=True)
class Capacity:
    """`proof` is the run at the highest rate held, None if there was none; `attempts` are all that were made."""

    proof: Report | None
    attempts: list[Attempt]
    violations: list[dict[str, Any]] = field(default_factory=list)
    """Of what always holds, looked at afterwards."""

    @property
    def orders_per_second(self) -> float:
        return self.proof.confirmed_while_driven_per_second if self.proof else 0.0

    @property
    def ok(self) -> bool:
        return self.proof is not None and not self.violations

    def document(self, floors: Floors) -> dict[str, Any]:
        return {
            "orders_per_second": round(self.orders_per_second, 2),
            "orders_per_floor_transaction": round(floors.orders_per_transaction(self.orders_per_second), 4),
            "proof": self.proof.document() if self.proof else None,
            "attempts": [
                {"rate": one.run.rate, "seconds": one.run.seconds, "exceeded": one.exceeded} for one in self.attempts
            ],
            "violations": self.violations,
        }

    def lines(self, floors: Floors) -> list[str]:
        """For people."""
        share = floors.orders_per_transaction(self.orders_per_second)
        found = f"{self.orders_per_second:.1f} orders/s, {share:.4f} orders per floor transaction"
        tried = [
            f"  {one.run.rate:8.1f}/s for {one.run.seconds:.0f} s  {'; '.join(one.exceeded) or 'held'}"
            for one in self.attempts
        ]
        broken = [f"  {one['statement']}. {one['order_id'] or '-'}: {one['detail']}" for one in self.violations[:SHOWN]]
        always = f"what always holds: {f'{len(self.violations)} violations' if self.violations else 'holds'}"
        return [f"capacity    {found if self.proof else 'none: no rate was held'}", *tried, always, *broken]


async def search(stage: Stage) -> Capacity:
    """Raises PlatformError when the platform is not fit to be driven."""
    attempts: list[Attempt] = []

    async def holds(rate: float, seconds: int) -> bool:
        attempt = await attempted(stage, Schedule(rate, seconds))
        attempts.append(attempt)
        stage.say("  " + ("; ".join(attempt.exceeded) or "held"))
        await backlog.rest(stage.instance, REST_SECONDS, lambda _: None)
        return not attempt.exceeded

    ends = time.monotonic() + SEARCH_SECONDS
    found = await highest(
        lambda rate: holds(rate, PROBE_SECONDS),
        lambda rate: holds(rate, PROOF_SECONDS),
        stage.floors.postgres_transactions * BEGIN,
        lambda: time.monotonic() < ends,
    )
    stage.say("checking what always holds …")
    return Capacity(attempts[-1].run if found else None, attempts, await violations(stage))


async def attempted(stage: Stage, schedule: Schedule) -> Attempt:
    looking = asyncio.create_task(backlog.watch(stage.instance, schedule.seconds))
    run = await drive(stage, schedule)
    return Attempt(run, [*backlog.growing(await looking, schedule.rate), *failures(run)])


def failures(run: Report) -> list[str]:
    """What became of orders that were not confirmed, in words."""
    ended = [f"{count} orders ended REJECTED {reason}" for reason, count in run.reasons.items()]
    still = [f"{run.unconfirmed} orders did not end"] if run.unconfirmed else []
    return [*(f"{count} × {name}" for name, count in run.errors.items()), *ended, *still]


async def violations(stage: Stage) -> list[dict[str, Any]]:
    """What `./mercato invariants` finds."""

    def tell(found: InFlight) -> None:
        pass

    report = await asyncio.to_thread(check, stage.instance, REST_SECONDS, tell)
    return [asdict(violation) for violation in report.violations]

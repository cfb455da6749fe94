"""The whole of `./mercato bench`: floors, then what was asked for."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from cli.bench import kafka_floor, postgres_floor, reads, table
from cli.bench.capacity import Capacity, search
from cli.bench.customers import Customers
from cli.bench.load import Schedule
from cli.bench.overload import Overload, overload
from cli.bench.reads import Reads
from cli.bench.report import Floors, Report
from cli.bench.run import Say, Stage, drive
from cli.bench.wire import Wire
from cli.instance import Instance
from cli.platform.client import TIMEOUT, Client


@dataclass(frozen=True, slots=True)
class Excess:
    """So many times the capacity that was found, or else the rate."""

    factor: float
    rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Wishes:
    """`schedules` are driven one after the other."""

    schedules: Sequence[Schedule] = ()
    capacity: bool = False
    overload: Excess | None = None
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Of one bench."""

    floors: Floors
    runs: list[Report] = field(default_factory=list)
    capacity: Capacity | None = None
    overload: Overload | None = None
    reads: list[Reads] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        parts = (*self.runs, *(part for part in (self.capacity, self.overload) if part))
        return all(part.ok for part in parts)

    @property
    def driven(self) -> list[Report]:
        """Every run at a steady rate: what a plot shows."""
        return [*self.runs, *(attempt.run for attempt in (self.capacity.attempts if self.capacity else ()))]

    @property
    def columns(self) -> list[Report]:
        """Of the one table: the rates asked for, and the highest."""
        highest = self.capacity.proof if self.capacity else None
        return [*self.runs, *([highest] if highest else [])]

    def document(self) -> dict[str, Any]:
        """The run's own keys are at the top when there was but one."""
        only = self.runs[0].document() if len(self.runs) == 1 else {}
        return {
            **only,
            "floors": asdict(self.floors),
            "runs": [run.document() for run in self.runs],
            "capacity": self.capacity.document(self.floors) if self.capacity else None,
            "overload": self.overload.document() if self.overload else None,
            "reads": [one.document() for one in self.reads],
        }

    def lines(self) -> list[str]:
        """For people."""
        parts = [run.lines() for run in self.runs]
        if self.columns:
            parts.append(table.lines(self.columns))
        if self.capacity:
            parts.append(self.capacity.lines(self.floors))
        if self.overload:
            parts.append(self.overload.lines())
        if self.reads:
            parts.append(reads.lines(self.reads))
        parts.append(self.floors.lines())
        return [line for part in parts for line in (*part, "")][:-1]


async def bench(instance: Instance, wishes: Wishes, say: Say) -> Findings:
    """Raises PlatformError when the platform is not fit to be driven."""
    jar = aiohttp.DummyCookieJar()
    async with (
        aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=jar) as session,
        Wire(instance.gateway_url) as wire,
    ):
        say("measuring PostgreSQL, Kafka and Envoy alone …")
        floors = await _measured_floors(instance)
        client = Client(instance, session)
        stage = Stage(instance, client, wire, Customers(client), floors, say)
        answered = await reads.reads(stage) if wishes.reads else []  # first, while few rows are there
        runs = [await drive(stage, schedule) for schedule in wishes.schedules]
        capacity = await search(stage) if wishes.capacity else None
        exceeded = await _overload(stage, wishes.overload, capacity) if wishes.overload else None
        return Findings(floors, runs, capacity, exceeded, answered)


async def _overload(stage: Stage, excess: Excess, capacity: Capacity | None) -> Overload:
    rate = capacity.proof.rate if capacity and capacity.proof else excess.rate
    return await overload(stage, rate, excess.factor, excess.seconds)


async def _measured_floors(instance: Instance) -> Floors:
    transactions = await asyncio.to_thread(postgres_floor.transactions_per_second, instance.superuser_url())
    produced, consumed = await asyncio.to_thread(kafka_floor.records_per_second, instance.kafka_bootstrap)
    answers = await reads.envoy_answers(instance)
    return Floors(transactions, produced, consumed, answers.per_second, os.cpu_count() or 1)

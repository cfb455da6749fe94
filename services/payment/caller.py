"""Makes the provider calls, outside any transaction.

A call arrives here with its intent committed, and its answer goes to the recorder. A call lost with its process is
found by its lease, one that must wait by its due time: rows, which hold no place here.

Two limits make the bulkhead. Only so many calls are brisk at a time as the provider takes without turning some away
(`pace`); a call that takes long gives up its brisk place, so that those that hang do not keep the others from starting.
How many there are in all is bounded by what memory they need.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from services.chassis.observability import telemetry
from services.payment import metrics
from services.payment.answers import Answer, Known, Processing
from services.payment.heard import Heard
from services.payment.intents import Call
from services.payment.pace import Pace
from services.payment.schedule import Job
from services.payment.settings import PaymentSettings

log = logging.getLogger(__name__)

# An answer that settles nothing is recorded with a due time; by now it should be there to be read.
_RECORDED_SECONDS = 0.05


class Provider(Protocol):
    """Whoever answers calls: always an Answer, never an exception, within the provider timeout."""

    async def call(self, call: Call) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Done:
    """A call and its answer, not yet recorded."""

    job: Job
    answer: Answer


class Caller:
    """Calls while entered. `finished` is set when `done` has grown, `look` when due rows should be looked for."""

    def __init__(self, settings: PaymentSettings, provider: Provider) -> None:
        self.done: list[Done] = []
        self.finished = asyncio.Event()
        self.look = asyncio.Event()
        self.heard = Heard()
        self._settings = settings
        self._provider = provider
        self._calls: set[asyncio.Task[None]] = set()
        self._brisk: set[asyncio.Task[None]] = set()
        self._pace = Pace(settings)
        self._lock = threading.Lock()
        self._starting = 0
        self._short_of_room = False
        self._open = False
        self._reminder: asyncio.TimerHandle | None = None

    @property
    def room(self) -> int:
        """How many more calls may start now; never above zero once the service stops."""
        if not self._open:
            return 0
        brisk = self._pace.limit - len(self._brisk)
        return min(brisk, self._settings.provider_concurrency - len(self._calls)) - self._starting

    @property
    def room_to_begin(self) -> int:
        """The same for payments not begun: a quarter of the room is kept for those that are, so that they end."""
        return self.room - self._pace.limit // 4

    @property
    def delay(self) -> float:
        """Seconds that calls wait at the provider behind each other."""
        return self._pace.delay

    def start(self, jobs: Sequence[Job]) -> None:
        """Makes the calls in the background; their intents are committed. For any thread."""
        if jobs:
            # While the event loop is busy elsewhere, the next batch must not find these places free still.
            with self._lock:
                self._starting += len(jobs)
            self._loop.call_soon_threadsafe(self._start_all, jobs)

    def _start_all(self, jobs: Sequence[Job]) -> None:
        with self._lock:
            self._starting -= len(jobs)
        for job in jobs:
            task = asyncio.create_task(self._call(job))
            self._calls.add(task)
            self._brisk.add(task)
            slow = self._loop.call_later(self._settings.provider_slow_seconds, self._give_room, task)
            task.add_done_callback(self._calls.discard)
            task.add_done_callback(self._give_room)
            task.add_done_callback(partial(_forget, slow))

    def found_no_room(self) -> None:
        """Some call was left as a due row for want of room: tell when there is some."""
        self._short_of_room = True
        self._pace.wanted()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for the calls that are out unless they are slow; those are looked up when their leases end."""
        self._open = False
        if self._reminder:
            self._reminder.cancel()
        if self._calls:
            await asyncio.wait(self._calls, timeout=self._settings.provider_slow_seconds)
        left = list(self._calls)
        if left:
            log.warning("%d provider calls are left to be looked up", len(left))
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _call(self, job: Job) -> None:
        started = time.monotonic()
        call = job.call
        with telemetry.span(
            f"provider {call.operation}",
            kind=telemetry.SpanKind.CLIENT,
            parent=call.payment.trace,
            attributes={"payment.operation": call.operation.value, "payment.attempt": call.payment.attempt},
        ) as span:
            answer = await self._provider.call(call)
            span.set_attribute("payment.answer", type(answer).__name__)
        elapsed = time.monotonic() - started
        metrics.PROVIDER_CALLS.labels(call.operation.value, type(answer).__name__).observe(elapsed)
        self._pace.heard(answer, elapsed)
        self.heard.add(call.payment.order_id, answer)
        self.done.append(Done(job, answer))
        self.finished.set()
        if not isinstance(answer, Known) or isinstance(answer, Processing):
            self._remind()

    def _remind(self) -> None:
        """The row of an answer that settles nothing gets a due time, which whoever looks for due rows must learn."""
        if self._reminder is None:
            self._reminder = asyncio.get_running_loop().call_later(_RECORDED_SECONDS, self._ring)

    def _ring(self) -> None:
        self._reminder = None
        self.look.set()

    def _give_room(self, task: asyncio.Task[None]) -> None:
        self._brisk.discard(task)
        # Not for every single place: each look for due rows is a transaction.
        if self._short_of_room and self.room >= self._pace.limit // 4:
            self._short_of_room = False
            self.look.set()


def _forget(timer: asyncio.TimerHandle, _task: "asyncio.Task[None]") -> None:
    timer.cancel()

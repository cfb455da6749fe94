"""Units of work that begin on the event loop, done by a thread with a connection of its own: several in one if it can.

While one statement is under way others gather, and become the next one together: so a busy service needs few.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from psycopg import OperationalError

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.unit import Conflict, Unit, unit_of
from services.chassis.observability import telemetry
from services.chassis.storage.session import Session

I = TypeVar("I")  # noqa: E741 - what is to be done
O = TypeVar("O")  # noqa: E741 - what came of it
T = TypeVar("T")

_Item = tuple[I, asyncio.Future[O]]

MOST_WAITING = 1000
_STOP_SECONDS = 5.0

Work = Callable[[Unit, Sequence[I]], Sequence[O | Exception]]
"""What is done for several items in one unit: an answer, or an exception to raise, for each."""


Apart = Callable[[I], Hashable]
"""Items for which this is the same are not done together."""


class Busy(OperationalError):
    """More is waiting than can be done in time."""


class Units(Generic[I, O]):
    """Does `work` while entered, for at most `most` items at once."""

    def __init__(
        self, settings: ServiceSettings, outbox: Outbox, name: str, work: Work[I, O], *, most: int, apart: Apart[I]
    ) -> None:
        self._name = name
        self._apart = apart
        self._outbox = outbox
        self._work = work
        self._most = most
        self._session = Session(settings)
        self._attributes = {"db.system.name": "postgresql", "db.namespace": settings.service}
        self._items: queue.SimpleQueue[_Item[I, O] | None] = queue.SimpleQueue()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._items.put(None)
        await asyncio.to_thread(self._thread.join, _STOP_SECONDS)
        if self._thread.is_alive():
            await asyncio.to_thread(self._session.cancel)
            await asyncio.to_thread(self._thread.join, _STOP_SECONDS)

    @property
    def waiting(self) -> int:
        """Items whose unit has not begun."""
        return self._items.qsize()

    async def do(self, item: I) -> O:
        """What came of it. Raises what the work raises, and OperationalError; a lost COMMIT may have held."""
        done: asyncio.Future[O] = self._loop.create_future()
        if self._items.qsize() >= MOST_WAITING:
            raise Busy(f"{MOST_WAITING} {self._name} are waiting")
        self._items.put((item, done))
        with telemetry.span_below("postgresql transaction", telemetry.SpanKind.CLIENT, self._attributes):
            return await done

    def _run(self) -> None:
        with self._session:
            held: _Item[I, O] | None = None
            while (first := held or self._items.get()) is not None:
                batch, held, ended = self._gathered(first)
                self._answer(batch)
                if ended:
                    return

    def _gathered(self, first: _Item[I, O]) -> tuple[list[_Item[I, O]], _Item[I, O] | None, bool]:
        """A batch, an item that must not be in it, and whether it was the last."""
        batch, names = [first], {self._apart(first[0])}
        while len(batch) < self._most:
            try:
                following = self._items.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return batch, None, True
            name = self._apart(following[0])
            if name in names:
                return batch, following, False
            names.add(name)
            batch.append(following)
        return batch, None, False

    def _answer(self, batch: Sequence[_Item[I, O]]) -> None:
        try:
            answers: Sequence[O | Exception] = self._done([item for item, _ in batch])
        except OperationalError as error:
            answers = [error] * len(batch)
        except Exception as error:
            if len(batch) > 1:  # one that cannot be done must not fail the others
                for one in batch:
                    self._answer([one])
                return
            answers = [error]
        self._loop.call_soon_threadsafe(_resolve, [done for _, done in batch], answers)

    def _done(self, items: Sequence[I]) -> Sequence[O | Exception]:
        try:
            with unit_of(self._session, self._outbox, locking=False) as unit:
                return self._work(unit, items)
        except Conflict:
            with unit_of(self._session, self._outbox, locking=True) as unit:
                return self._work(unit, items)


def _resolve(futures: "Sequence[asyncio.Future[O]]", answers: Sequence[O | Exception]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if future.done():  # whoever asked has gone
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


Changes = Units[Callable[[Unit], Any], Any]
"""Units whose items are works themselves, each done in a unit of its own."""

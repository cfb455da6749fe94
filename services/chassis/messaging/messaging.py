"""A service's messages, wired: what it publishes, and who reads what for it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.http.app import Check
from services.chassis.messaging import inbox
from services.chassis.messaging.batches import Batches, Handle
from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer
from services.chassis.messaging.relay import Relay
from services.chassis.messaging.retries import Retry
from services.chassis.messaging.units import Apart, Changes, Units, Work
from services.chassis.storage.database import Database
from services.chassis.storage.housekeeping import forgetting
from services.chassis.storage.session import Session

I = TypeVar("I")  # noqa: E741 - as in `units`
O = TypeVar("O")  # noqa: E741


class Messaging:
    """A service's database, what it publishes and what it reads: give `around` its own resources, and `checks`.

    `urgent`: types of message that somebody waits for.
    """

    def __init__(self, settings: ServiceSettings, database: Database, urgent: Collection[str] = ()) -> None:
        self._settings = settings
        self._database = database
        self._consumers: dict[str, Consumer] = {}
        self._producer = Producer(settings)
        self.outbox = Outbox(self._producer, settings.service, urgent)
        self.relay = Relay(database, self._producer, self.outbox, settings.instance)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._producer)
        await self._stack.enter_async_context(self.relay)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def around(self, *own: AbstractAsyncContextManager[Any]) -> list[AbstractAsyncContextManager[Any]]:
        """All resources of the service, in the order in which they start; they end in reverse.

        What is `own` finds the database and the way out for its messages, and is there before the first one is read.
        """
        return [self._database, self, forgetting(self._database, inbox.FORGET), *own, *self._consumers.values()]

    @property
    def checks(self) -> Mapping[str, Check]:
        """Of readiness: the database, and each consumer by its topics."""
        return {"database": self._database.check} | {topics: one.check for topics, one in self._consumers.items()}

    def consumer(
        self,
        topics: Sequence[str],
        handle: Handle,
        *,
        retry: Retry | None = None,
        fetch_wait: float = 0.0,
        silent: Collection[str] = (),
    ) -> Consumer:
        """Reads once all of `around` has started. See `Batches` and `Consumer`."""
        batches = Batches(
            Session(self._settings),
            self.outbox,
            self._settings.group,
            handle,
            retry,
            most_set_aside=lambda: self._settings.most_set_aside,
            silent=silent,
        )
        made = self._consumers[", ".join(topics)] = Consumer(self._settings, topics, batches, fetch_wait=fetch_wait)
        return made

    def units(self, name: str, work: Work[I, O], *, most: int = 100, apart: Apart[I] = id) -> Units[I, O]:
        """To be among the resources. See `Units`."""
        return Units(self._settings, self.outbox, name, work, most=most, apart=apart)

    def single_units(self, name: str) -> Changes:
        """To be among the resources. See `Changes`."""
        return self.units(name, lambda unit, works: [work(unit) for work in works], most=1)

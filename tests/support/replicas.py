"""A consumer's way of handling batches without Kafka: each replica with a thread and a connection of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from confluent_kafka import Message as Raw

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.batches import Batches, Handle
from services.chassis.messaging.following import follow
from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer
from services.chassis.messaging.unit import Unit
from services.chassis.storage.session import Session


class Replica:
    """Handles batches while entered. Nothing it publishes leaves the outbox."""

    def __init__(self, settings: ServiceSettings, handle: Handle) -> None:
        self.attempts = 0
        """How often the handler was called: once for each batch, and once more for each that was not alone."""
        self._handle = handle
        self._published: list[Message] = []
        outbox = Outbox(Producer(settings), settings.service)
        self._batches = Batches(Session(settings), outbox, settings.group, self._watched)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._batches.session.close()

    def _watched(self, unit: Unit, messages: list[Message]) -> None:
        self.attempts += 1
        self._handle(unit, messages)
        unit.after_commit(lambda: self._published.extend(unit.messages))

    async def once(self, messages: Sequence[Message]) -> list[Message]:
        """One batch in one unit; what it published. Raises what the consumer would act on."""
        return await asyncio.to_thread(self.now, messages)

    def now(self, messages: Sequence[Message]) -> list[Message]:
        self._published.clear()
        with follow(self._batches.group, messages) as followed:
            self._batches._commit(followed)
        return list(self._published)

    async def take(self, messages: Sequence[Message]) -> list[Message]:
        """One batch until it took effect, as the consumer repeats and splits it; what it published."""
        return await asyncio.to_thread(self._take, messages)

    def _take(self, messages: Sequence[Message]) -> list[Message]:
        self._published.clear()
        self._batches.handle([_raw(message, offset) for offset, message in enumerate(messages)], time.sleep)
        return list(self._published)


@asynccontextmanager
async def replicas(count: int, settings: ServiceSettings, handle: Handle) -> AsyncIterator[list[Replica]]:
    """So many of them, on one database."""
    started = [Replica(settings, handle) for _ in range(count)]
    try:
        yield started
    finally:
        for replica in started:
            replica.__exit__()


async def handled(settings: ServiceSettings, handle: Handle, messages: Sequence[Message]) -> list[Message]:
    """One batch in one unit of a new replica; what it published. Raises what the consumer would act on."""
    with Replica(settings, handle) as replica:
        return await replica.once(messages)


def _raw(message: Message, offset: int) -> Raw:
    return Raw(
        topic=message.topic,
        partition=0,
        offset=offset,
        key=message.key.encode(),
        value=message.payload(),
        headers=[(name, value.encode()) for name, value in message.headers("test").items()],
    )

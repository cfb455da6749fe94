"""A bare service on the chassis, its parts to be started and broken one by one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from confluent_kafka import Producer as RawProducer

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.batches import Batches, Handle
from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer
from services.chassis.messaging.relay import Relay
from services.chassis.messaging.retries import Retry
from services.chassis.messaging.unit import Unit
from services.chassis.messaging.units import Changes, Units
from services.chassis.storage.database import Database
from services.chassis.storage.session import Session

URGENT = "test.urgent.v1"


class BareSettings(ServiceSettings):
    service: ClassVar[str] = "bare"


class _Nowhere(Producer):
    """Takes nothing, so that all is left to the relays: for a process that has no client yet."""

    def __init__(self) -> None:
        self.steady = threading.Lock()

    def hand_over(self, *_: object) -> bool:
        return False


class Bare:
    """Starts parts of a service, as several processes of it would; what is started here ends with the test."""

    def __init__(self, settings: BareSettings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.stack = stack
        self._outboxes: dict[str, Outbox] = {}

    def as_instance(self, name: str) -> BareSettings:
        return self.settings.model_copy(update={"instance": name})

    async def database(self, instance: str = "bare") -> Database:
        return await self.stack.enter_async_context(Database(self.as_instance(instance)))

    def outbox(self, instance: str = "bare") -> Outbox:
        """That of the instance's relay, if it has one."""
        return self._outboxes.get(instance) or Outbox(_Nowhere(), "bare", {URGENT})

    async def relay(self, database: Database, instance: str = "bare") -> Relay:
        return await self.stack.enter_async_context(self.relaying(database, instance))

    @asynccontextmanager
    async def relaying(
        self, database: Database, instance: str = "bare", urgent: Collection[str] = (URGENT,)
    ) -> AsyncIterator[Relay]:
        async with Producer(self.as_instance(instance)) as producer:
            outbox = self._outboxes[instance] = Outbox(producer, "bare", urgent)
            try:
                async with Relay(database, producer, outbox, instance) as relay:
                    yield relay
            finally:
                del self._outboxes[instance]

    def session(self, instance: str = "bare") -> Session:
        session = Session(self.as_instance(instance))
        self.stack.callback(session.close)
        return session

    def changing(self, instance: str = "bare") -> Changes:
        """To be entered; by way of the outbox that the instance has now."""
        return Units(self.as_instance(instance), self.outbox(instance), "changes", _each, most=1, apart=id)

    async def changes(self, instance: str = "bare") -> Changes:
        return await self.stack.enter_async_context(self.changing(instance))

    def consumer(
        self,
        topic: str,
        handle: Handle,
        *,
        group: str = "bare",
        retry: Retry | None = None,
        fetch_wait: float = 0.0,
    ) -> Consumer:
        """By way of the outbox that there is now."""
        batches = Batches(
            Session(self.settings),
            self.outbox(),
            group,
            handle,
            retry,
            most_set_aside=lambda: self.settings.most_set_aside,
        )
        return Consumer(self.settings, [topic], batches, fetch_wait=fetch_wait)


def _each(unit: Unit, works: Sequence[Callable[[Unit], Any]]) -> list[Any]:
    return [work(unit) for work in works]


async def until(condition: Callable[[], Awaitable[Any] | Any], seconds: float = 30.0) -> None:
    """Waits for a condition to hold. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if isinstance(holds, Awaitable):
                holds = await holds
            if holds:
                return
            await asyncio.sleep(0.02)


async def publish(bare: Bare, *messages: Message) -> None:
    """In one unit of work, of the instance `bare`."""
    async with bare.changing() as changes:
        await changes.do(lambda unit: unit.publish(*messages))


async def backlog(database: Database) -> int:
    """Outbox rows that wait to be published."""
    return int((await database.fetch("SELECT count(*) FROM outbox WHERE bucket >= 0"))[0][0])


async def usable(database: Database) -> bool:
    return await database.check() is None


async def emptied(database: Database) -> bool:
    return await backlog(database) == 0


class Effects:
    """A handler whose effect is a row for each message; `numbers(key)` are those of a key, in the order of effect."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self) -> None:
        await self._database.execute("CREATE TABLE effect (at bigserial, key text, number int)")

    def __call__(self, unit: Unit, messages: list[Message]) -> None:
        unit.write(
            "INSERT INTO effect (key, number) SELECT key, number FROM json_to_recordset(%s) "
            "AS r (n int, key text, number int) ORDER BY n",
            [{"n": n, "key": message.key, "number": message.data["number"]} for n, message in enumerate(messages)],
        )

    async def count(self) -> int:
        return int((await self._database.fetch("SELECT count(*) FROM effect"))[0][0])

    async def numbers(self, key: str) -> list[int]:
        rows = await self._database.fetch("SELECT number FROM effect WHERE key = %s ORDER BY at", (key,))
        return [row[0] for row in rows]

    async def reaches(self, count: int) -> bool:
        return await self.count() >= count


def numbered(topic: str, key: str, number: int) -> Message:
    return Message(topic, key, "test.numbered.v1", {"number": number})


def urgent(topic: str, key: str, number: int) -> Message:
    return Message(topic, key, URGENT, {"number": number})


def send_raw(
    bootstrap: str, topic: str, records: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]
) -> None:
    """(key, value, headers) as they are, as a stranger might; in order."""
    client = RawProducer({"bootstrap.servers": bootstrap, "log_level": 0, "enable.idempotence": True})
    for key, value, headers in records:
        client.produce(topic, key=key, value=value, headers=list(headers))
    assert client.flush(20) == 0


def event(message: Message) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """`message` as `send_raw` takes it."""
    headers = [(name, value.encode()) for name, value in message.headers("test").items()]
    return message.key.encode(), message.payload(), headers


def send(bare: Bare, topic: str, *messages: Message) -> None:
    """In order."""
    send_raw(bare.settings.kafka_bootstrap, topic, [event(message) for message in messages])


@asynccontextmanager
async def consuming(*consumers: Consumer) -> AsyncIterator[None]:
    """All of them, for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        for consumer in consumers:
            await stack.enter_async_context(consumer)
        yield


async def sessions(database: Database, column: Literal["wait_event_type", "wait_event", "state"], value: str) -> bool:
    """Whether any session of this database is in that state."""
    rows = await database.fetch(
        "SELECT wait_event_type, wait_event, state FROM pg_stat_activity WHERE datname = current_database()"
    )
    return any(row[("wait_event_type", "wait_event", "state").index(column)] == value for row in rows)

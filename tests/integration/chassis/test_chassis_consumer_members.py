"""A consumer's place in its group: members come, go, get stuck and lose their broker; nothing is lost or overtaken."""

import asyncio
import threading
import time

import psycopg
import pytest
from confluent_kafka import Consumer as RealClient

from services.chassis.messaging import consumer as consumer_module
from services.chassis.messaging.batches import Batches
from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, Effects, consuming, event, numbered, send, sessions, until, usable
from tests.support.servers import Postgres


async def test_what_was_not_committed_is_taken_over_by_another_member(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    def stuck(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        unit.read("SELECT pg_sleep(600)")

    send(bare, topic, *(numbered(topic, "a", number) for number in range(20)))
    started = time.monotonic()
    async with bare.consumer(topic, stuck):
        await until(lambda: sessions(database, "wait_event", "PgSleep"))
        started = time.monotonic()
    assert time.monotonic() - started < 12
    assert await effects.count() == 0
    async with bare.consumer(topic, effects):
        await until(lambda: effects.reaches(20))
    assert await effects.numbers("a") == list(range(20))


async def test_stopping_lets_the_batch_at_hand_end_and_stores_its_offset(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    begun = threading.Event()

    def slow(unit: Unit, messages: list[Message]) -> None:
        begun.set()
        time.sleep(1.5)
        effects(unit, messages)

    def unwanted(_unit: Unit, messages: list[Message]) -> None:
        raise AssertionError(f"read again: {messages}")

    send(bare, topic, numbered(topic, "a", 1))
    async with bare.consumer(topic, slow):
        await until(begun.is_set)
    assert await effects.count() == 1
    await database.execute("TRUNCATE inbox")  # the offset alone must tell
    send(bare, topic, numbered(topic, "b", 2))
    seen: list[int] = []

    def note(_unit: Unit, messages: list[Message]) -> None:
        seen.extend(message.data["number"] for message in messages)

    async with bare.consumer(topic, note):
        await until(lambda: seen)
    assert seen == [2]


async def test_stopping_while_the_database_is_away_takes_seconds(
    bare: Bare, database: Database, effects: Effects, topic: str, postgres: Postgres
) -> None:
    consumer = bare.consumer(topic, effects)
    await consumer.__aenter__()
    await until(lambda: _ready(consumer))
    postgres.kill()
    try:
        send(bare, topic, numbered(topic, "a", 1))
        await asyncio.sleep(1.0)
        started = time.monotonic()
        await consumer.__aexit__(None, None, None)
        assert time.monotonic() - started < 12
    finally:
        postgres.start()
    await until(lambda: usable(database))
    async with bare.consumer(topic, effects):
        await until(lambda: effects.reaches(1))


async def test_members_that_come_and_go_keep_each_keys_order_and_lose_nothing(
    bare: Bare, database: Database, effects: Effects, topics: Topics
) -> None:
    """Batches last longer than a second, so that partitions are paused, taken and given back in the middle of one."""
    topic = topics(6)
    keys = [f"key-{number}" for number in range(24)]
    steps = 40

    def slow(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        time.sleep(1.2 if len(messages) > 5 else 0.05)

    async def produce() -> None:
        for step in range(steps):
            await asyncio.to_thread(send, bare, topic, *(numbered(topic, key, step) for key in keys))
            await asyncio.sleep(0.1)

    async with bare.consumer(topic, slow):
        producing = asyncio.create_task(produce())
        for _ in range(2):
            async with consuming(bare.consumer(topic, slow), bare.consumer(topic, slow)):
                await asyncio.sleep(2.5)
            await asyncio.sleep(0.5)
        await producing
        await until(lambda: effects.reaches(steps * len(keys)), 60)
    for key in keys:
        assert await effects.numbers(key) == list(range(steps))


async def test_a_partition_that_left_and_came_back_during_a_long_batch_is_read_on(
    bare: Bare, database: Database, effects: Effects, topics: Topics
) -> None:
    """The pause of a long batch would stay with it: librdkafka keeps it while the partition is with another member."""
    topic = topics(6)
    keys = [f"key-{number}" for number in range(24)]
    begun, go_on = threading.Event(), threading.Event()

    def held(unit: Unit, messages: list[Message]) -> None:
        begun.set()
        if not go_on.is_set():
            raise psycopg.OperationalError("the database is away")
        effects(unit, messages)

    send(bare, topic, *(numbered(topic, key, 0) for key in keys))
    async with bare.consumer(topic, held):
        await until(begun.is_set)
        await asyncio.to_thread(_come_and_go, bare, topic)
        go_on.set()
        send(bare, topic, *(numbered(topic, key, 1) for key in keys))
        await until(lambda: effects.reaches(2 * len(keys)))
    for key in keys:
        assert await effects.numbers(key) == [0, 1]


async def test_a_message_that_arrives_during_a_long_batch_is_not_lost(
    bare: Bare, database: Database, effects: Effects
) -> None:
    """Partitions that join during the wait are not paused yet, so that the poll which keeps us in the group reads."""
    tries = 0
    first, second = _Raw(numbered("t", "a", 1), 0), _Raw(numbered("t", "a", 2), 0)

    def slow(unit: Unit, messages: list[Message]) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise psycopg.OperationalError("the database is away")
        effects(unit, messages)

    batches = Batches(bare.session(), bare.outbox(), "bare", slow)
    consumer = Consumer(bare.settings, ["t"], batches)
    client = _Client([first, second])
    await asyncio.to_thread(consumer._round, client)  # type: ignore[arg-type]
    assert client.stored == [1]
    await asyncio.to_thread(consumer._round, client)  # type: ignore[arg-type]
    assert await effects.numbers("a") == [1, 2]


async def test_a_member_without_partitions_is_ready_too(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    one, two = bare.consumer(topic, effects), bare.consumer(topic, effects)
    async with consuming(one, two):
        await until(lambda: _ready(one))
        await until(lambda: _ready(two))


async def test_a_client_that_finds_no_place_in_its_group_is_replaced_by_a_new_one(
    bare: Bare, database: Database, effects: Effects, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[RealClient] = []

    def client(config: dict[str, object]) -> RealClient:
        # The first one never reaches a broker, as one that waits for a coordinator does.
        away = {"bootstrap.servers": "127.0.0.1:1"} if not made else {}
        made.append(RealClient({**config, **away}))
        return made[-1]

    monkeypatch.setattr(consumer_module, "Client", client)
    monkeypatch.setattr(consumer_module, "REJOIN_SECONDS", 1.0)
    send(bare, topic, *[numbered(topic, "a", number) for number in range(3)])
    async with bare.consumer(topic, effects):
        await until(lambda: len(made) > 1)
        monkeypatch.setattr(consumer_module, "REJOIN_SECONDS", 30.0)
        await until(lambda: effects.reaches(3))
    assert await effects.numbers("a") == [0, 1, 2]


def _come_and_go(bare: Bare, topic: str) -> None:
    """Another member of the group, until partitions are its own; it takes none of their messages."""
    client = RealClient(
        {
            "bootstrap.servers": bare.settings.kafka_bootstrap,
            "group.id": "bare",
            "partition.assignment.strategy": "cooperative-sticky",
            "enable.auto.commit": False,
        }
    )
    try:
        client.subscribe([topic])
        deadline = time.monotonic() + 30
        while not client.assignment():
            assert time.monotonic() < deadline, "no partition was given up"
            client.poll(0.1)
    finally:
        client.close()


class _Raw:
    def __init__(self, message: Message, offset: int) -> None:
        self._key, self._value, self._headers = event(message)
        self._topic, self._offset = message.topic, offset

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return self._key

    def value(self) -> bytes:
        return self._value

    def headers(self) -> list[tuple[str, bytes]]:
        return self._headers


class _Client:
    def __init__(self, messages: list[_Raw]) -> None:
        self._messages = messages
        self.stored: list[int] = []

    def poll(self, _timeout: float) -> _Raw | None:
        return self._messages.pop(0) if self._messages else None

    def consume(self, _count: int, _timeout: float) -> list[_Raw]:
        return []

    def assignment(self) -> list[object]:
        return []

    def pause(self, _partitions: list[object]) -> None:
        pass

    def store_offsets(self, offsets: list[object]) -> None:
        self.stored += [offset.offset for offset in offsets]  # type: ignore[attr-defined]


async def _ready(consumer: Consumer) -> bool:
    return await consumer.check() is None

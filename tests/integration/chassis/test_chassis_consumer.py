"""A consumer's batches: every message takes effect once, in order per key, or waits where it can be found."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

import pytest
from confluent_kafka import Consumer as RealClient

from services.chassis import consumer as consumer_module
from services.chassis.batches import Batches
from services.chassis.consumer import Consumer
from services.chassis.database import Database, Transaction
from services.chassis.messages import InvalidMessage, Message
from services.chassis.retries import Retry, dead_letter_topic, retry_topic, text_headers
from tests.conftest import Topics
from tests.support.bare import Bare, Effects, event, numbered, publish, send_raw, until, usable
from tests.support.servers import Postgres
from tests.support.topic_reader import read


@pytest.fixture
async def database(bare: Bare) -> Database:
    return await bare.database()


@pytest.fixture
async def effects(database: Database) -> Effects:
    effects = Effects(database)
    await effects.create()
    return effects


@pytest.fixture
def topic(topics: Topics) -> str:
    """With the retry and dead-letter topics of group `bare`."""
    name = topics()
    topics(name=retry_topic(name, "bare"))
    topics(name=dead_letter_topic(name, "bare"))
    return name


def send(bare: Bare, topic: str, *messages: Message) -> None:
    send_raw(bare.settings.kafka_bootstrap, topic, [event(message) for message in messages])


async def letters(bare: Bare, topic: str, count: int) -> list[tuple[bytes | str | None, dict[str, str]]]:
    found = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, dead_letter_topic(topic, "bare"), count)
    return [(raw.value(), text_headers(raw)) for raw in found]


@asynccontextmanager
async def consuming(*consumers: Consumer) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for consumer in consumers:
            await stack.enter_async_context(consumer)
        yield


async def test_one_poison_message_among_a_hundred_leaves_99_effects_and_one_dead_letter(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    async def handle(unit: Transaction, messages: list[Message]) -> None:
        await effects(unit, messages)
        if any(message.data["number"] == 42 for message in messages):
            raise InvalidMessage("number 42 cannot be")

    await bare.relay(database)
    messages = [numbered(topic, "a", number) for number in range(100)]
    send(bare, topic, *messages)
    async with bare.consumer(database, topic, handle):
        ((value, headers),) = await letters(bare, topic, 1)
        await until(lambda: effects.reaches(99))

    assert await effects.numbers("a") == [number for number in range(100) if number != 42]
    assert value == b'{"number":42}'
    assert headers["ce_id"] == messages[42].id
    assert headers["mercato-reason"] == "InvalidMessage"
    assert headers["mercato-error"] == "number 42 cannot be"
    assert headers["mercato-origin"] == f"{topic}/0/42"


async def test_whatever_a_stranger_writes_ends_in_the_dead_letters_and_holds_nothing_up(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    key, value, headers = event(numbered(topic, "a", 1))
    good = dict(headers)

    def but(**changes: bytes) -> list[tuple[str, bytes]]:
        return list((good | {name.replace("__", "-"): text for name, text in changes.items()}).items())

    strange = [
        (key, value, []),
        (None, value, but(ce_id=b"1")),
        (key, None, but(ce_id=b"2")),
        (key, b"{", but(ce_id=b"3")),
        (key, b"[]", but(ce_id=b"4")),
        (b"\xff\xfe", value, but(ce_id=b"5")),
        (key, value, but(ce_id=b"a\x00b")),
        (key, value, but(ce_id=bytes(range(33, 127)) * 100)),
        (key, value, but(ce_id=b"6", ce_type=b"\xff\x00")),
        (b"k\x00", b"\x00\xff", but(ce_id=b"7", other=b"\x00")),
    ]
    harmless = [
        (key, value, but(ce_id=b"8", traceparent=b"00-\x00-01")),
        (key, value, but(ce_id=b"9", mercato__attempts=b"many", mercato__retry__at=b"nan")),
        (key, value, but(ce_id=b"10", mercato__retry__at=b"99999999999")),
    ]
    send_raw(bare.settings.kafka_bootstrap, topic, [*strange, *harmless])
    await bare.relay(database)
    async with bare.consumer(database, topic, effects, retry=Retry(attempts=2, backoff_seconds=0.1)):
        await until(lambda: effects.reaches(3))
        found = await letters(bare, topic, len(strange))
    assert await effects.numbers("a") == [1, 1, 1]
    assert {headers["mercato-reason"] for _, headers in found} == {"InvalidMessage"}
    assert {headers["mercato-origin"] for _, headers in found} == {f"{topic}/0/{n}" for n in range(len(strange))}


async def test_a_redelivered_message_has_one_effect(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    first, second = numbered(topic, "a", 1), numbered(topic, "a", 2)
    send(bare, topic, first, first, second, first)
    async with bare.consumer(database, topic, effects):
        await until(lambda: effects.reaches(2))
        send(bare, topic, first, numbered(topic, "a", 3))
        await until(lambda: effects.reaches(3))
    assert await effects.numbers("a") == [1, 2, 3]


async def test_a_simultaneous_redelivery_waits_for_the_first(
    bare: Bare, database: Database, effects: Effects, topics: Topics
) -> None:
    """Two groups' worth of members, as when a partition has moved while its batch was still being handled."""
    topic = topics()
    inside, leave, handled = asyncio.Event(), asyncio.Event(), 0

    async def slow(unit: Transaction, messages: list[Message]) -> None:
        nonlocal handled
        handled += 1
        inside.set()
        await leave.wait()
        await effects(unit, messages)

    send(bare, topic, numbered(topic, "a", 1))
    async with consuming(
        bare.consumer(database, topic, slow, group="one"), bare.consumer(database, topic, slow, group="two")
    ):
        await inside.wait()
        await until(lambda: _waits_for_a_lock(database))
        leave.set()
        await until(lambda: effects.reaches(1))
    assert (handled, await effects.numbers("a")) == (1, [1])


async def test_a_database_restart_neither_loses_nor_doubles(
    bare: Bare, database: Database, effects: Effects, topic: str, postgres: Postgres
) -> None:
    async with bare.consumer(database, topic, effects):
        send(bare, topic, *(numbered(topic, "a", number) for number in range(300)))
        await until(lambda: effects.reaches(1))
        postgres.kill()
        send(bare, topic, *(numbered(topic, "a", number) for number in range(300, 600)))
        postgres.start()
        await until(lambda: usable(database))
        await until(lambda: effects.reaches(600), 60)
    assert await effects.numbers("a") == list(range(600))


async def test_a_lost_connection_neither_loses_nor_doubles(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    lost = 0

    async def handle(unit: Transaction, messages: list[Message]) -> None:
        nonlocal lost
        await effects(unit, messages)
        if lost < 3:
            lost += 1
            other = bare.settings.instance
            await database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = %s AND state = 'idle in transaction'",
                (other,),
            )

    send(bare, topic, *(numbered(topic, "a", number) for number in range(50)))
    async with bare.consumer(database, topic, handle):
        await until(lambda: effects.reaches(50))
    assert lost == 3
    assert await effects.numbers("a") == list(range(50))


async def test_the_retry_topic_counts_attempts_then_gives_up_while_others_pass(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    tries = {1: 0, 2: 0}

    async def handle(unit: Transaction, messages: list[Message]) -> None:
        await effects(unit, messages)
        for number in {message.data["number"] for message in messages} & tries.keys():
            if len(messages) == 1:
                tries[number] += 1
            if number == 1 or tries[number] < 6:
                raise ValueError(f"secret of {number}")

    await bare.relay(database)
    retry = Retry(attempts=2, backoff_seconds=0.2)
    again = bare.consumer(database, retry_topic(topic, "bare"), handle, retry=retry)
    send(bare, topic, *(numbered(topic, "a", number) for number in range(5)))
    async with consuming(bare.consumer(database, topic, handle, retry=retry), again):
        ((_, headers),) = await letters(bare, topic, 1)
        await until(lambda: effects.reaches(4))

    assert (await effects.numbers("a"))[:3] == [0, 3, 4]
    assert (headers["mercato-attempts"], headers["mercato-reason"]) == ("2", "ValueError")
    assert headers["mercato-origin"] == f"{topic}/0/1"
    assert "secret" not in str(headers)
    assert tries[1] == 3 * 4


async def test_a_value_too_large_for_the_database_is_poison_not_an_outage(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    """PostgreSQL tells it by an OperationalError, as it tells that it is away."""
    await database.execute("CREATE TABLE narrow (text text PRIMARY KEY)")

    async def handle(unit: Transaction, messages: list[Message]) -> None:
        await effects(unit, messages)
        for message in messages:
            if text := message.data.get("text"):
                await unit.connection.execute("INSERT INTO narrow VALUES (%s)", (text,))

    await bare.relay(database)
    wide = "".join(f"{number:x}" for number in range(5000, 25000))
    poison = Message(topic, "a", "test.v1", {"number": 1, "text": wide})
    send(bare, topic, numbered(topic, "a", 0), poison, numbered(topic, "a", 2))
    async with bare.consumer(database, topic, handle):
        ((_, headers),) = await letters(bare, topic, 1)
        await until(lambda: effects.reaches(2))
    assert headers["mercato-reason"] == "ProgramLimitExceeded"
    assert await effects.numbers("a") == [0, 2]


async def test_what_was_not_committed_is_taken_over_by_another_member(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    async def stuck(unit: Transaction, messages: list[Message]) -> None:
        await effects(unit, messages)
        await asyncio.Event().wait()

    send(bare, topic, *(numbered(topic, "a", number) for number in range(20)))
    started = time.monotonic()
    async with bare.consumer(database, topic, stuck):
        await until(lambda: _idle_in_transaction(database))
        started = time.monotonic()
    assert time.monotonic() - started < 12
    assert await effects.count() == 0
    async with bare.consumer(database, topic, effects):
        await until(lambda: effects.reaches(20))
    assert await effects.numbers("a") == list(range(20))


async def test_stopping_lets_the_batch_at_hand_end_and_stores_its_offset(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    begun = asyncio.Event()

    async def slow(unit: Transaction, messages: list[Message]) -> None:
        begun.set()
        await asyncio.sleep(1.5)
        await effects(unit, messages)

    async def unwanted(_unit: Transaction, messages: list[Message]) -> None:
        raise AssertionError(f"read again: {messages}")

    send(bare, topic, numbered(topic, "a", 1))
    async with bare.consumer(database, topic, slow):
        await begun.wait()
    assert await effects.count() == 1
    await database.execute("TRUNCATE inbox")  # the offset alone must tell
    send(bare, topic, numbered(topic, "b", 2))
    seen: list[int] = []

    async def note(_unit: Transaction, messages: list[Message]) -> None:
        seen.extend(message.data["number"] for message in messages)

    async with bare.consumer(database, topic, note):
        await until(lambda: seen)
    assert seen == [2]


async def test_stopping_while_the_database_is_away_takes_seconds(
    bare: Bare, database: Database, effects: Effects, topic: str, postgres: Postgres
) -> None:
    consumer = bare.consumer(database, topic, effects)
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
    async with bare.consumer(database, topic, effects):
        await until(lambda: effects.reaches(1))


async def test_members_that_come_and_go_keep_each_keys_order_and_lose_nothing(
    bare: Bare, database: Database, effects: Effects, topics: Topics
) -> None:
    """Batches last longer than a second, so that partitions are paused, taken and given back in the middle of one."""
    topic = topics(6)
    keys = [f"key-{number}" for number in range(24)]
    steps = 40

    async def slow(unit: Transaction, messages: list[Message]) -> None:
        await effects(unit, messages)
        await asyncio.sleep(1.2 if len(messages) > 5 else 0.05)

    async def produce() -> None:
        for step in range(steps):
            await asyncio.to_thread(send, bare, topic, *(numbered(topic, key, step) for key in keys))
            await asyncio.sleep(0.1)

    async with bare.consumer(database, topic, slow):
        producing = asyncio.create_task(produce())
        for _ in range(2):
            async with consuming(bare.consumer(database, topic, slow), bare.consumer(database, topic, slow)):
                await asyncio.sleep(2.5)
            await asyncio.sleep(0.5)
        await producing
        await until(lambda: effects.reaches(steps * len(keys)), 60)
    for key in keys:
        assert await effects.numbers(key) == list(range(steps))


async def test_a_message_that_arrives_during_a_long_batch_is_not_lost(
    bare: Bare, database: Database, effects: Effects
) -> None:
    """Partitions that join during the wait are not paused yet, so that the poll which keeps us in the group reads."""
    first, second = _Raw(numbered("t", "a", 1), 0), _Raw(numbered("t", "a", 2), 0)

    async def slow(unit: Transaction, messages: list[Message]) -> None:
        await asyncio.sleep(1.5)
        await effects(unit, messages)

    consumer = Consumer(bare.settings, ["t"], Batches(database, "bare", slow))
    consumer._loop = asyncio.get_running_loop()
    client = _Client([first, second])
    await asyncio.to_thread(consumer._round, client)  # type: ignore[arg-type]
    assert client.stored == [1]
    await asyncio.to_thread(consumer._round, client)  # type: ignore[arg-type]
    assert await effects.numbers("a") == [1, 2]


async def test_a_member_without_partitions_is_ready_too(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    one, two = bare.consumer(database, topic, effects), bare.consumer(database, topic, effects)
    async with consuming(one, two):
        await until(lambda: _ready(one))
        await until(lambda: _ready(two))


async def test_a_handlers_messages_commit_with_its_effects(bare: Bare, database: Database, topics: Topics) -> None:
    commands, replies = topics(), topics()

    async def answer(unit: Transaction, messages: list[Message]) -> None:
        unit.publish(*(numbered(replies, message.key, message.data["number"] + 1) for message in messages))

    await bare.relay(database)
    async with bare.consumer(database, commands, answer):
        await publish(database, numbered(commands, "a", 1))
        (raw,) = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, replies, 1)
    assert raw.value() == b'{"number":2}'


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


async def _waits_for_a_lock(database: Database) -> bool:
    return await _sessions(database, "wait_event_type", "Lock")


async def _idle_in_transaction(database: Database) -> bool:
    return await _sessions(database, "state", "idle in transaction")


async def _sessions(database: Database, column: Literal["wait_event_type", "state"], value: str) -> bool:
    rows = await database.fetch(
        "SELECT wait_event_type, state FROM pg_stat_activity WHERE datname = current_database()"
    )
    return any(row[("wait_event_type", "state").index(column)] == value for row in rows)


async def test_a_client_that_finds_no_place_in_its_group_is_replaced_by_a_new_one(
    bare: Bare, database: Database, effects: Effects, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[consumer_module.Client] = []

    def client(config: dict[str, object]) -> consumer_module.Client:
        # The first one never reaches a broker, as one that waits for a coordinator does.
        away = {"bootstrap.servers": "127.0.0.1:1"} if not made else {}
        made.append(RealClient({**config, **away}))
        return made[-1]

    monkeypatch.setattr(consumer_module, "Client", client)
    monkeypatch.setattr(consumer_module, "REJOIN_SECONDS", 1.0)
    send(bare, topic, *[numbered(topic, "a", number) for number in range(3)])
    async with bare.consumer(database, topic, effects):
        await until(lambda: len(made) > 1)
        monkeypatch.setattr(consumer_module, "REJOIN_SECONDS", 30.0)
        await until(lambda: effects.reaches(3))
    assert await effects.numbers("a") == [0, 1, 2]

"""The outbox brings everything to Kafka, in order per key, whatever fails on the way."""

import asyncio
import time
from functools import partial

import pytest
from confluent_kafka import Producer as RealClient

from services.chassis.messaging import leases
from services.chassis.messaging import producer as producer_module
from services.chassis.messaging import relay as relay_module
from services.chassis.messaging.messages import Message
from services.chassis.messaging.relay import Relay
from services.chassis.messaging.units import Changes
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, emptied, numbered, publish, until, usable
from tests.support.counting import count_up, create, first_appearances
from tests.support.servers import Kafka, Postgres


async def test_two_relays_keep_the_order_of_each_key_though_one_is_lost(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 2)
    topic = topics(3)
    keys = [f"key-{number}" for number in range(12)]
    await create(database, keys)
    other = await bare.database("bare-2")
    await bare.relay(database)
    lost = await bare.relay(other, "bare-2")
    await until(lambda: len(lost._leases.held) == leases.BUCKETS // 2)

    async def shopper(source: Changes, number: int) -> None:
        for step in range(25):
            key = keys[(number + step) % len(keys)]
            await source.do(lambda unit: count_up(unit, key, partial(numbered, topic)))  # noqa: B023 - done at once

    sources = await bare.changes(), await bare.changes("bare-2")

    async def lose() -> None:
        await asyncio.sleep(0.3)
        for task in lost._tasks:  # as after kill -9: the leases are not given back
            task.cancel()

    await asyncio.gather(*(shopper(sources[number % 2], number) for number in range(12)), lose())
    await until(lambda: emptied(database))

    found = await first_appearances(bare, topic, 300)
    assert {key: found[key] for key in keys} == {key: list(range(1, 26)) for key in keys}


async def test_nothing_is_lost_while_kafka_does_not_answer(
    bare: Bare, database: Database, topics: Topics, kafka: Kafka
) -> None:
    topic = topics(2)
    await bare.relay(database)
    await publish(bare, numbered(topic, "a", 0))
    await until(lambda: emptied(database))
    kafka.pause()
    try:
        for number in range(1, 50):
            await publish(bare, numbered(topic, "a", number))
    finally:
        kafka.resume()
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 50) == {"a": list(range(50))}


async def test_nothing_is_lost_when_kafka_is_killed(
    bare: Bare, database: Database, topics: Topics, kafka: Kafka
) -> None:
    topic = topics(2)
    await bare.relay(database)
    for number in range(20):
        await publish(bare, numbered(topic, "a", number))
    kafka.kill()
    kafka.spawn()
    for number in range(20, 40):
        await publish(bare, numbered(topic, "a", number))
    await asyncio.to_thread(kafka.wait)
    await until(lambda: emptied(database), 60)
    assert await first_appearances(bare, topic, 40) == {"a": list(range(40))}


async def test_a_service_stops_in_time_while_kafka_is_away_and_keeps_its_rows(
    bare: Bare, database: Database, topics: Topics, kafka: Kafka
) -> None:
    topic = topics()
    try:
        async with bare.relaying(database) as relay:
            await until(lambda: relay._leases.held)
            kafka.pause()
            await publish(bare, *(numbered(topic, "a", number) for number in range(10)))
            await asyncio.sleep(0.2)
            started = time.monotonic()
        assert time.monotonic() - started < 8
        assert len(await database.fetch("SELECT id FROM outbox")) == 10
        assert await database.fetch("SELECT bucket FROM outbox_lease WHERE owner IS NOT NULL") == []
    finally:
        kafka.resume()
    await bare.relay(database)
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 10) == {"a": list(range(10))}


async def test_a_topic_that_is_missing_holds_up_its_own_messages_only(
    bare: Bare, database: Database, topics: Topics
) -> None:
    topic = topics()
    missing = f"{topic}.late"
    await bare.relay(database)
    await publish(bare, numbered(missing, "a", 1), numbered(topic, "a", 1), numbered(missing, "a", 2))
    assert await first_appearances(bare, topic, 1) == {"a": [1]}
    topics(name=missing)
    await until(lambda: emptied(database))
    assert await first_appearances(bare, missing, 2) == {"a": [1, 2]}


async def test_what_kafka_refuses_for_good_is_set_aside_and_said(
    bare: Bare, database: Database, topics: Topics, caplog: pytest.LogCaptureFixture
) -> None:
    topic = topics()
    await bare.relay(database)
    huge = Message(topic, "a", "test.huge.v1", {"number": 0, "text": "x" * 2_000_000})
    await publish(bare, huge, numbered(topic, "a", 1))
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 1) == {"a": [1]}
    assert await database.fetch("SELECT topic FROM outbox WHERE bucket = %s", (relay_module.SET_ASIDE,)) == [(topic,)]
    assert "set aside" in caplog.text


async def test_a_large_backlog_goes_out_in_batches_bounded_by_bytes(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH_BYTES", 50_000)
    topic = topics()
    messages = [Message(topic, "a", "test.v1", {"number": number, "text": "x" * 300}) for number in range(3000)]
    await publish(bare, *messages)
    await bare.relay(database)
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 3000) == {"a": list(range(3000))}


@pytest.mark.parametrize("limit", [("BATCH", 100), ("BATCH_BYTES", 1000)])
async def test_a_backlog_goes_out_without_a_pause_for_looking(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int]
) -> None:
    monkeypatch.setattr(relay_module, "LOOK_SECONDS", 1000.0)
    monkeypatch.setattr(relay_module, *limit)
    topic = topics()
    await publish(bare, *(numbered(topic, "a", number) for number in range(1000)))
    await bare.relay(database)
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 1000) == {"a": list(range(1000))}


async def test_a_relay_outlives_a_lost_database(
    bare: Bare, database: Database, topics: Topics, postgres: Postgres
) -> None:
    topic = topics()
    relay = await bare.relay(database)
    await until(lambda: relay._leases.held)
    await publish(bare, *(numbered(topic, "a", number) for number in range(500)))
    postgres.kill()
    postgres.start()
    await until(lambda: usable(database))
    await publish(bare, numbered(topic, "a", 500))
    await until(lambda: emptied(database))
    assert not any(task.done() for task in relay._tasks)
    assert await first_appearances(bare, topic, 501) == {"a": list(range(501))}


async def test_relays_share_the_buckets_and_pass_them_on_when_they_stop(bare: Bare, database: Database) -> None:
    first = await bare.relay(database)
    await until(lambda: len(first._leases.held) == leases.BUCKETS)
    async with bare.relaying(database, "bare-2") as second:
        await until(lambda: len(second._leases.held) == len(first._leases.held) == leases.BUCKETS // 2)
        assert not second._leases.held & first._leases.held
    await until(lambda: len(first._leases.held) == leases.BUCKETS, 3)


async def test_a_failure_nobody_foresaw_ends_the_process(
    bare: Bare, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("logging.shutdown", lambda: None)

    async def broken(_self: Relay) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(Relay, "_publish", broken)
    relay = Relay(database, None, bare.outbox(), "bare")  # type: ignore[arg-type]
    await relay.__aenter__()
    await until(lambda: ended)
    assert ended == [70]
    for task in relay._tasks:
        task.cancel()


async def test_a_client_that_has_no_answer_for_long_is_replaced_and_the_rows_go_out(
    bare: Bare, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[RealClient] = []

    def client(config: dict[str, object]) -> RealClient:
        # The first one never reaches a broker; the broker is there all the time.
        away = {"bootstrap.servers": "127.0.0.1:1"} if not made else {}
        made.append(RealClient({**config, **away}))
        return made[-1]

    monkeypatch.setattr(producer_module, "Client", client)
    monkeypatch.setattr(producer_module, "STALL_SECONDS", 2.0)
    topic = topics()
    database = await bare.database()
    await bare.relay(database)
    await publish(bare, *[numbered(topic, "a", number) for number in range(3)])
    await until(lambda: emptied(database))
    assert len(made) > 1

"""Urgent messages while Kafka is away, slow or behind a client that is stuck: they arrive in order, none is lost."""

import asyncio
from typing import Any

import pytest
from confluent_kafka import Producer as RealClient

from services.chassis.messaging import producer as producer_module
from services.chassis.messaging import relay as relay_module
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, backlog, emptied, numbered, publish, until, urgent
from tests.support.counting import first_appearances
from tests.support.servers import Kafka


def narrow(monkeypatch: pytest.MonkeyPatch, *, stuck: int = 0) -> list[RealClient]:
    """Clients whose queue takes five records; so many of them never reach a broker, though it is there."""
    made: list[RealClient] = []

    def client(config: dict[str, Any]) -> RealClient:
        away = {"bootstrap.servers": "127.0.0.1:1"} if len(made) < stuck else {}
        made.append(RealClient({**config, "queue.buffering.max.messages": 5, **away}))
        return made[-1]

    monkeypatch.setattr(producer_module, "Client", client)
    return made


async def test_what_is_handed_on_while_kafka_does_not_answer_arrives_once_it_does(
    bare: Bare, database: Database, topics: Topics, kafka: Kafka
) -> None:
    topic = topics(2)
    await bare.relay(database)
    await publish(bare, urgent(topic, "a", 0))
    await until(lambda: emptied(database))
    kafka.pause()
    try:
        for number in range(1, 30):
            await publish(bare, urgent(topic, "a", number), numbered(topic, "b", number))
        assert await backlog(database) == 58
    finally:
        kafka.resume()
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 59) == {"a": list(range(30)), "b": list(range(1, 30))}


async def test_what_is_handed_on_while_kafka_is_killed_arrives_in_order(
    bare: Bare, database: Database, topics: Topics, kafka: Kafka
) -> None:
    topic = topics(2)
    await bare.relay(database)
    for number in range(20):
        await publish(bare, urgent(topic, "a", number))
    kafka.kill()
    kafka.spawn()
    for number in range(20, 40):
        await publish(bare, urgent(topic, "a", number))
    await asyncio.to_thread(kafka.wait)
    await until(lambda: emptied(database), 60)
    assert await first_appearances(bare, topic, 40) == {"a": list(range(40))}


async def test_what_finds_the_clients_queue_full_is_left_to_the_relay(
    bare: Bare, database: Database, topics: Topics, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch)
    topic = topics()
    await bare.relay(database)
    await publish(bare, urgent(topic, "a", 0))
    await until(lambda: emptied(database))
    kafka.pause()
    try:
        for number in range(1, 25):
            await publish(bare, urgent(topic, "a", number))
        assert await backlog(database) == 24
    finally:
        kafka.resume()
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 25) == {"a": list(range(25))}


@pytest.mark.parametrize("count", [3, 25], ids=["with room in its queue", "with a full queue"])
async def test_a_client_that_is_stuck_with_urgent_messages_is_replaced_and_they_arrive(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    made = narrow(monkeypatch, stuck=1)
    monkeypatch.setattr(producer_module, "STALL_SECONDS", 2.0)
    topic = topics()
    await bare.relay(database)
    for number in range(count):
        await publish(bare, urgent(topic, "a", number))
    await until(lambda: len(made) > 1)
    await publish(bare, urgent(topic, "a", count))
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, count + 1) == {"a": list(range(count + 1))}


async def test_an_urgent_message_kafka_refuses_for_good_is_set_aside_and_the_next_one_leaves(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = topics()
    await bare.relay(database)
    huge = urgent(topic, "a", 0)
    huge.data["text"] = "x" * 2_000_000
    await publish(bare, huge)
    await until(lambda: emptied(database))
    assert await database.fetch("SELECT topic FROM outbox WHERE bucket < 0") == [(topic,)]
    monkeypatch.setattr(relay_module, "YOUNG_SECONDS", 1000.0)  # no relay would bring it
    await publish(bare, urgent(topic, "a", 1))
    assert await first_appearances(bare, topic, 1) == {"a": [1]}
    await until(lambda: emptied(database))


async def test_urgent_messages_of_a_topic_that_is_missing_wait_for_it(
    bare: Bare, database: Database, topics: Topics
) -> None:
    topic = topics()
    missing = f"{topic}.late"
    await bare.relay(database)
    for number in range(3):
        await publish(bare, urgent(missing, "a", number), urgent(topic, "a", number))
    assert await first_appearances(bare, topic, 3) == {"a": [0, 1, 2]}
    topics(name=missing)
    await until(lambda: emptied(database))
    assert await first_appearances(bare, missing, 3) == {"a": [0, 1, 2]}

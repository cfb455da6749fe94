"""A release that can handle nothing stops, and leaves the topic to one that can."""

import asyncio

from services.chassis.messaging.consumer import Consumer
from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.retries import Retry, dead_letter_topic, retry_topic
from services.chassis.messaging.unit import Unit
from services.chassis.observability import metrics
from services.chassis.storage.database import Database
from tests.support.bare import Bare, Effects, numbered, send, until
from tests.support.topic_reader import read

MOST = 100
MESSAGES = 3 * MOST


def fail(unit: Unit, messages: list[Message]) -> None:
    raise InvalidMessage("this release cannot read it")


async def stopped(consumer: Consumer) -> bool:
    return "stopped reading" in str(await consumer.check())


async def test_a_release_that_can_handle_nothing_leaves_the_topic_to_one_that_can(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    await bare.relay(database)
    send(bare, topic, *[numbered(topic, "a", number) for number in range(MESSAGES)])
    async with bare.consumer(topic, fail) as bad:
        await until(lambda: stopped(bad))
        assert await bad.check() == (
            f"stopped reading {topic}: 101 of 101 messages could not be handled; see the dead letters, then restart it"
        )
        assert metrics.CONSUMER_STOPPED.labels(topic)._value.get() == 1
        async with bare.consumer(topic, effects):
            await until(lambda: effects.reaches(MESSAGES - MOST))
    dead = dead_letter_topic(topic, "bare")
    letters = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, dead, MOST)
    assert [raw.value() for raw in letters] == [b'{"number":%d}' % number for number in range(MOST)]
    assert await effects.numbers("a") == list(range(MOST, MESSAGES))


async def test_what_took_effect_before_it_stopped_is_not_read_again(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    read_again: list[int] = []

    def half(unit: Unit, messages: list[Message]) -> None:
        if any(message.data["number"] >= MOST for message in messages):
            raise InvalidMessage("not these")
        effects(unit, messages)

    def rest(unit: Unit, messages: list[Message]) -> None:
        read_again.extend(message.data["number"] for message in messages)
        effects(unit, messages)

    await bare.relay(database)
    send(bare, topic, *[numbered(topic, "a", number) for number in range(MESSAGES)])
    async with bare.consumer(topic, half) as bad:
        await until(lambda: stopped(bad))
    async with bare.consumer(topic, rest):
        await until(lambda: effects.reaches(MESSAGES - MOST))
    assert read_again == list(range(2 * MOST, MESSAGES))


async def test_a_retry_topic_holds_failures_alone_and_stops_nobody(bare: Bare, database: Database, topic: str) -> None:
    def wrong(unit: Unit, messages: list[Message]) -> None:
        raise ValueError("this release has a fault")

    bare.settings = bare.settings.model_copy(update={"most_set_aside": 2})
    retry = Retry(attempts=2, backoff_seconds=0.1)
    await bare.relay(database)
    send(bare, topic, numbered(topic, "a", 0), numbered(topic, "a", 1))
    retries = retry_topic(topic, "bare")
    async with bare.consumer(topic, wrong, retry=retry) as first, bare.consumer(retries, wrong, retry=retry) as second:
        letters = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, dead_letter_topic(topic, "bare"), 2)
        assert len(letters) == 2
        assert not await stopped(first)
        assert not await stopped(second)
        send(bare, topic, numbered(topic, "a", 2))
        await until(lambda: stopped(first))

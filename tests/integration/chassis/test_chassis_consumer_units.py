"""A batch is first worked as if it were new and alone; where that is wrong it is worked anew, and nobody is judged."""

import asyncio
from functools import partial

from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.retries import dead_letter_topic, text_headers
from services.chassis.messaging.unit import Unit, unit_of
from services.chassis.storage.database import Database
from tests.support.bare import Bare, Effects, emptied, numbered, publish, send, until, urgent
from tests.support.counting import count_up, create, first_appearances
from tests.support.topic_reader import read


async def test_a_batch_that_was_overtaken_is_worked_anew_and_loses_nothing(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    await create(database, ["a"])
    worked: list[bool] = []

    def handle(unit: Unit, messages: list[Message]) -> None:
        worked.append(unit.locking)
        effects(unit, messages)
        count_up(unit, "a")
        if not unit.locking:
            with unit_of(bare.session(), bare.outbox(), locking=False) as quicker:
                count_up(quicker, "a")

    send(bare, topic, numbered(topic, "a", 1))
    async with bare.consumer(topic, handle):
        await until(lambda: effects.reaches(1))
    assert worked == [False, True]
    assert await effects.numbers("a") == [1]
    assert await database.fetch("SELECT n FROM counter") == [(2,)]


async def test_a_repeat_that_contradicts_what_came_of_it_is_dropped_and_not_judged(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    def handle(unit: Unit, messages: list[Message]) -> None:
        numbers = [message.data["number"] for message in messages]
        if unit.read("SELECT 1 FROM effect WHERE number = ANY(%s)", numbers):
            raise InvalidMessage("that is done already")
        effects(unit, messages)

    await bare.relay(database)
    first = numbered(topic, "a", 1)
    async with bare.consumer(topic, handle):
        send(bare, topic, first)
        await until(lambda: effects.reaches(1))
        send(bare, topic, first, numbered(topic, "a", 2))
        await until(lambda: effects.reaches(2))
        send(bare, topic, numbered(topic, "b", 2))  # that one is judged
        letters = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, dead_letter_topic(topic, "bare"), 1)
    assert [bytes(raw.key() or b"") for raw in letters] == [b"b"]
    assert await effects.numbers("a") == [1, 2]


async def test_a_unit_that_can_never_hold_is_poison_and_not_a_race(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    await create(database, ["a"])

    def handle(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        impossible = [message.key for message in messages if message.data["number"] == 2]
        update = "UPDATE counter SET n = 1 WHERE key IN (SELECT json_array_elements_text(%s))"
        unit.write(update, impossible, expected=2)

    await bare.relay(database)
    send(bare, topic, *(numbered(topic, "a", number) for number in range(5)))
    async with bare.consumer(topic, handle):
        (letter,) = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, dead_letter_topic(topic, "bare"), 1)
        await until(lambda: effects.reaches(4))
    assert text_headers(letter)["mercato-reason"] == "SerializationFailure"
    assert await effects.numbers("a") == [0, 1, 3, 4]


async def test_what_batches_publish_urgently_leaves_in_their_order(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    answers = f"{topic}.bare.retry"
    await create(database, ["a"])

    def handle(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        count_up(unit, "a", partial(urgent, answers))

    await bare.relay(database)
    async with bare.consumer(topic, handle):
        for number in range(30):
            await publish(bare, urgent(topic, "a", number))
        await until(lambda: effects.reaches(30))
        await until(lambda: emptied(database))
    ((count,),) = await database.fetch("SELECT n FROM counter")
    assert await first_appearances(bare, answers, count) == {"a": list(range(1, count + 1))}

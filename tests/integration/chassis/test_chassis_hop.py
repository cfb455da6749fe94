"""One hop: a transaction, the outbox, Kafka, a batch in the inbox."""

import asyncio
from uuid import uuid4

import pytest

from services.chassis.messaging.messages import Message
from services.chassis.messaging.retries import text_headers
from services.chassis.messaging.unit import Unit, unit_of
from tests.conftest import Topics
from tests.support.bare import Bare, emptied, publish, until
from tests.support.topic_reader import read


async def test_what_a_transaction_publishes_is_handled_once_and_in_order(bare: Bare, topics: Topics) -> None:
    topic = topics(3)
    seen: list[Message] = []

    def handle(_unit: Unit, messages: list[Message]) -> None:
        seen.extend(messages)

    database = await bare.database()
    await bare.relay(database)
    await bare.stack.enter_async_context(bare.consumer(topic, handle))
    keys = [str(uuid4()) for _ in range(10)]
    for number in range(20):
        await publish(bare, *(Message(topic, key, "test.numbered.v1", {"number": number}) for key in keys))
    await until(lambda: len(seen) >= 200)

    for key in keys:
        assert [message.data["number"] for message in seen if message.key == key] == list(range(20))
    await until(lambda: emptied(database))


async def test_a_rolled_back_transaction_publishes_nothing(bare: Bare, topics: Topics) -> None:
    topic = topics()
    database = await bare.database()

    def publish_and_fail(*, locking: bool) -> None:
        with unit_of(bare.session(), bare.outbox(), locking=locking) as unit:
            unit.publish(Message(topic, "k", "test.lost.v1", {}))
            raise RuntimeError("rolled back")

    for locking in (False, True):
        with pytest.raises(RuntimeError, match="rolled back"):
            publish_and_fail(locking=locking)
    assert await database.fetch("SELECT id FROM outbox") == []


async def test_messages_are_cloud_events_in_binary_mode(bare: Bare, topics: Topics) -> None:
    topic = topics()
    database = await bare.database()
    await bare.relay(database)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = Message(topic, str(uuid4()), "test.made.v1", {"a": [1, "ü", None]}, trace=trace)
    await publish(bare, message)
    (raw,) = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, topic, 1)

    headers = text_headers(raw)
    time = headers.pop("ce_time")
    assert time.endswith("Z")
    assert headers == {
        "ce_specversion": "1.0",
        "ce_id": message.id,
        "ce_type": "test.made.v1",
        "ce_source": "/mercato/bare",
        "ce_subject": message.key,
        "content-type": "application/json",
        "traceparent": trace,
    }
    assert (raw.key(), raw.value()) == (message.key.encode(), '{"a":[1,"ü",null]}'.encode())

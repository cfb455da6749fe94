"""A client that is replaced takes along what it had: nothing that comes after it goes to the new one before it."""

import threading
from collections.abc import Callable
from typing import ClassVar

from confluent_kafka import KafkaError

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.producer import Producer, Record


class Settings(ServiceSettings):
    service: ClassVar[str] = "bare"


class Slow(Producer):
    """Its client never reaches a broker; `hand_over` waits in its middle when it is told to."""

    def __init__(self) -> None:
        super().__init__(Settings(instance="bare", host="127.0.0.1", kafka_bootstrap="127.0.0.1:1"))
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def hand_over(self, record: Record, answered: Callable[[KafkaError | None], None]) -> bool:
        self.inside.set()
        assert self.go_on.wait(20)
        return super().hand_over(record, answered)


def hand_on(outbox: Outbox, row: int, *older: int) -> None:
    message = Message("t", "a", "urgent", {"number": row})
    outbox.hand_on(outbox.records([message]), [row], [(1, other) for other in older])


def test_what_was_not_answered_is_the_relays_from_that_moment_on_and_so_is_what_follows() -> None:
    producer = Slow()
    outbox = Outbox(producer, "bare", {"urgent"})
    hand_on(outbox, 1)
    hand_on(outbox, 2, 1)
    assert (outbox.holds(1), outbox.holds(2), outbox.left) == (True, True, False)
    assert outbox.waits() > 0
    producer.replace()
    assert (outbox.holds(1), outbox.holds(2), outbox.left) == (False, False, True)
    assert outbox.waits() == 0
    hand_on(outbox, 3, 1, 2)
    assert not outbox.holds(3)
    hand_on(outbox, 4)
    assert outbox.holds(4)
    producer.replace()


def test_a_client_is_not_replaced_between_the_look_at_what_is_before_a_message_and_the_message() -> None:
    producer = Slow()
    outbox = Outbox(producer, "bare", {"urgent"})
    hand_on(outbox, 1)
    former = producer._client
    producer.inside.clear()
    producer.go_on.clear()
    handing = threading.Thread(target=hand_on, args=(outbox, 2, 1))
    handing.start()
    assert producer.inside.wait(20)
    replacing = threading.Thread(target=producer.replace)
    replacing.start()
    replacing.join(0.2)
    assert producer._client is former
    producer.go_on.set()
    handing.join(20)
    replacing.join(20)
    assert producer._client is not former
    assert (outbox.holds(1), outbox.holds(2), outbox.left) == (False, False, True)

"""A consumer's batches: every message takes effect once, in order per key, or waits where it can be found."""

import asyncio

from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.retries import Retry, dead_letter_topic, retry_topic, text_headers
from services.chassis.messaging.unit import Unit
from services.chassis.observability import metrics
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import (
    Bare,
    Effects,
    consuming,
    emptied,
    event,
    numbered,
    publish,
    send,
    send_raw,
    sessions,
    until,
    usable,
)
from tests.support.servers import Postgres
from tests.support.topic_reader import read


async def letters(bare: Bare, topic: str, count: int) -> list[tuple[bytes | str | None, dict[str, str]]]:
    found = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, dead_letter_topic(topic, "bare"), count)
    return [(raw.value(), text_headers(raw)) for raw in found]


async def test_one_poison_message_among_a_hundred_leaves_99_effects_and_one_dead_letter(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    def handle(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        if any(message.data["number"] == 42 for message in messages):
            raise InvalidMessage("number 42 cannot be")

    await bare.relay(database)
    messages = [numbered(topic, "a", number) for number in range(100)]
    send(bare, topic, *messages)
    async with bare.consumer(topic, handle):
        ((value, headers),) = await letters(bare, topic, 1)
        await until(lambda: effects.reaches(99))

    assert await effects.numbers("a") == [number for number in range(100) if number != 42]
    assert value == b'{"number":42}'
    assert headers["ce_id"] == messages[42].id
    assert headers["mercato-reason"] == "InvalidMessage"
    assert headers["mercato-error"] == "number 42 cannot be"
    assert headers["mercato-origin"] == f"{topic}/0/42"


async def test_a_patient_consumer_takes_what_comes_one_by_one_in_few_batches(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    batches: list[int] = []

    def handle(unit: Unit, messages: list[Message]) -> None:
        batches.append(len(messages))
        effects(unit, messages)

    await bare.relay(database)
    async with bare.consumer(topic, handle, fetch_wait=1.0):
        await publish(bare, numbered(topic, "a", 0))
        await until(lambda: effects.reaches(1))  # from now on it is in its group, and reads
        for number in range(1, 20):
            await publish(bare, numbered(topic, "a", number))
            await until(lambda: emptied(database))
        await until(lambda: effects.reaches(20))
    assert await effects.numbers("a") == list(range(20))
    assert len(batches) < 10, batches


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
    async with bare.consumer(topic, effects, retry=Retry(attempts=2, backoff_seconds=0.1)):
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
    async with bare.consumer(topic, effects):
        await until(lambda: effects.reaches(2))
        send(bare, topic, first, numbered(topic, "a", 3))
        await until(lambda: effects.reaches(3))
    assert await effects.numbers("a") == [1, 2, 3]


# Whoever has written and is about to commit waits here.
_HELD_BACK = """
CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER held_back AFTER INSERT ON inbox DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION hold_back();
"""


async def test_a_simultaneous_redelivery_waits_for_the_first(
    bare: Bare, database: Database, effects: Effects, topics: Topics
) -> None:
    """Two groups' worth of members, as when a partition has moved while its batch was still being handled.

    Each takes the message for a new one; the statement of the second waits for the first's commit, and then is refused.
    """
    topic = topics()
    handled: list[bool] = []

    def handle(unit: Unit, messages: list[Message]) -> None:
        handled.append(unit.locking)
        effects(unit, messages)

    await database.execute(_HELD_BACK)
    async with database.transaction() as holding:
        await holding.connection.execute("SELECT pg_advisory_xact_lock(1)")
        send(bare, topic, numbered(topic, "a", 1))
        one, two = (bare.consumer(topic, handle, group=group) for group in ("one", "two"))
        await bare.stack.enter_async_context(one)
        await bare.stack.enter_async_context(two)
        await until(lambda: sessions(database, "wait_event", "advisory"))
        await until(lambda: sessions(database, "wait_event", "transactionid"))
        assert await effects.count() == 0
    await until(lambda: effects.reaches(1))
    # Both have stored their offsets, the second one after it has looked again.
    await until(lambda: _duplicates(topic) == 1)
    assert (handled, await effects.numbers("a")) == ([False, False], [1])


async def test_a_database_restart_neither_loses_nor_doubles(
    bare: Bare, database: Database, effects: Effects, topic: str, postgres: Postgres
) -> None:
    async with bare.consumer(topic, effects):
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

    def handle(unit: Unit, messages: list[Message]) -> None:
        nonlocal lost
        effects(unit, messages)
        if lost < 3:
            lost += 1
            ((backend,),) = unit.read("SELECT pg_backend_pid()")
            bare.session().query("SELECT pg_terminate_backend(%s, 5000)", (backend,))

    send(bare, topic, *(numbered(topic, "a", number) for number in range(50)))
    async with bare.consumer(topic, handle):
        await until(lambda: effects.reaches(50))
    assert lost == 3
    assert await effects.numbers("a") == list(range(50))


async def test_the_retry_topic_counts_attempts_then_gives_up_while_others_pass(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    tries = {1: 0, 2: 0}

    def handle(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        for number in {message.data["number"] for message in messages} & tries.keys():
            if len(messages) == 1 and unit.locking:  # each try first goes without
                tries[number] += 1
            if number == 1 or tries[number] < 6:
                raise ValueError(f"secret of {number}")

    await bare.relay(database)
    retry = Retry(attempts=2, backoff_seconds=0.2)
    again = bare.consumer(retry_topic(topic, "bare"), handle, retry=retry)
    send(bare, topic, *(numbered(topic, "a", number) for number in range(5)))
    async with consuming(bare.consumer(topic, handle, retry=retry), again):
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

    def handle(unit: Unit, messages: list[Message]) -> None:
        effects(unit, messages)
        for message in messages:
            if text := message.data.get("text"):
                unit.write("INSERT INTO narrow SELECT json_array_elements_text(%s)", [text])

    await bare.relay(database)
    wide = "".join(f"{number:x}" for number in range(5000, 25000))
    poison = Message(topic, "a", "test.v1", {"number": 1, "text": wide})
    send(bare, topic, numbered(topic, "a", 0), poison, numbered(topic, "a", 2))
    async with bare.consumer(topic, handle):
        ((_, headers),) = await letters(bare, topic, 1)
        await until(lambda: effects.reaches(2))
    assert headers["mercato-reason"] == "ProgramLimitExceeded"
    assert await effects.numbers("a") == [0, 2]


async def test_a_handlers_messages_commit_with_its_effects(bare: Bare, database: Database, topics: Topics) -> None:
    commands, replies = topics(), topics()

    def answer(unit: Unit, messages: list[Message]) -> None:
        unit.publish(*(numbered(replies, message.key, message.data["number"] + 1) for message in messages))

    await bare.relay(database)
    async with bare.consumer(commands, answer):
        await publish(bare, numbered(commands, "a", 1))
        (raw,) = await asyncio.to_thread(read, bare.settings.kafka_bootstrap, replies, 1)
    assert raw.value() == b'{"number":2}'


def _duplicates(topic: str) -> float:
    return float(metrics.MESSAGES_DUPLICATE.labels(topic)._value.get())

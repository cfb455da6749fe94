"""Urgent messages leave from memory: whoever is lost on the way, they arrive in order, and none is lost."""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from services.chassis.messaging import relay as relay_module
from services.chassis.messaging.leases import BUCKETS
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.relay import Relay
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, Effects, emptied, numbered, publish, until, urgent
from tests.support.counting import count_up, create, first_appearances
from tests.support.topic_reader import read

ROOT = Path(__file__).parents[3]
ALL, NONE = frozenset(range(BUCKETS)), frozenset[int]()


@asynccontextmanager
async def allotted(relay: Relay, *turns: frozenset[int]) -> AsyncIterator[None]:
    """What the relay believes to hold, each for a moment; in the end, all."""

    async def renew() -> int:
        relay._leases.held = next(held)
        return 0

    held: Iterator[frozenset[int]] = cycle(turns)
    relay._leases.renew = renew  # type: ignore[method-assign]
    await renew()
    yield
    held = cycle([ALL])


async def relay_of(bare: Bare, instance: str, *turns: frozenset[int]) -> Relay:
    relay = await bare.relay(await bare.database(instance), instance)
    await bare.stack.enter_async_context(allotted(relay, *turns))
    return relay


async def test_an_urgent_message_needs_no_relay_to_leave(bare: Bare, database: Database, topics: Topics) -> None:
    topic = topics()
    await relay_of(bare, "bare", NONE)
    for number in range(5):
        await publish(bare, urgent(topic, "a", number))
    assert await first_appearances(bare, topic, 5) == {"a": list(range(5))}
    await until(lambda: emptied(database))


async def test_what_was_not_handed_on_is_brought_with_what_came_after_it(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = topics()
    real = Outbox.hand_on

    def hand_on(self: Outbox, records: Sequence[dict[str, Any]], ids: Sequence[int], older: Any) -> None:
        if records[0]["payload"] != '{"number":2}':
            real(self, records, ids, older)

    monkeypatch.setattr(Outbox, "hand_on", hand_on)
    await bare.relay(database)
    await publish(bare, urgent(topic, "b", 2))
    for number in range(1, 6):
        await publish(bare, urgent(topic, "a", number))
        await publish(bare, urgent(topic, "c", 10 + number))
    await until(lambda: emptied(database))
    expected = {"a": list(range(1, 6)), "b": [2], "c": list(range(11, 16))}
    assert await first_appearances(bare, topic, 11) == expected
    assert len(await asyncio.to_thread(read, bare.settings.kafka_bootstrap, topic, 11)) == 11


async def killed(bare: Bare, topic: str, moment: str) -> None:
    assert bare.settings.database_url
    url = bare.settings.database_url.get_secret_value()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.dying", url, bare.settings.kafka_bootstrap, topic, moment), cwd=ROOT
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -9


async def test_what_a_process_committed_before_it_was_killed_is_brought_by_another(
    bare: Bare, database: Database, topics: Topics
) -> None:
    topic = topics()
    await create(database, ["a"])
    await bare.relay(database)
    await killed(bare, topic, "committed")
    changes = await bare.changes()
    for _ in range(3):
        await changes.do(lambda unit: count_up(unit, "a", partial(urgent, topic)))
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 6) == {"a": list(range(1, 7))}


async def test_what_a_killed_process_had_not_deleted_is_repeated_and_takes_effect_once(
    bare: Bare, database: Database, effects: Effects, topic: str
) -> None:
    await create(database, ["a"])
    await killed(bare, topic, "acknowledged")
    assert len(await database.fetch("SELECT id FROM outbox")) == 5
    await bare.relay(database)
    await until(lambda: emptied(database))
    assert len(await asyncio.to_thread(read, bare.settings.kafka_bootstrap, topic, 10)) == 10
    await publish(bare, urgent(topic, "a", 6))
    async with bare.consumer(topic, effects):
        await until(lambda: effects.reaches(6))
    assert await effects.numbers("a") == [1, 2, 3, 4, 5, 6]


async def test_deletions_that_fail_are_made_up_for(
    bare: Bare, database: Database, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = topics()
    statement = relay_module._DELETE
    monkeypatch.setattr(relay_module, "_DELETE", "DELETE FROM nothing WHERE id = ANY(%s)")
    await relay_of(bare, "bare", NONE)
    for number in range(3):
        await publish(bare, urgent(topic, "a", number))
    assert await first_appearances(bare, topic, 3) == {"a": [0, 1, 2]}
    assert len(await database.fetch("SELECT id FROM outbox")) == 3
    monkeypatch.setattr(relay_module, "_DELETE", statement)
    await until(lambda: emptied(database))


@pytest.mark.parametrize(
    "turns",
    [
        ([ALL], [NONE]),
        ([NONE], [ALL]),
        ([frozenset(range(8))], [frozenset(range(8, 16))]),
        ([ALL, NONE, ALL, ALL], [NONE, ALL, ALL]),
    ],
    ids=["with one", "with the other", "shared", "changing, and with both for a moment"],
)
async def test_two_processes_that_publish_for_the_same_keys_keep_their_order(
    bare: Bare,
    database: Database,
    topics: Topics,
    monkeypatch: pytest.MonkeyPatch,
    turns: tuple[Collection[frozenset[int]], ...],
) -> None:
    monkeypatch.setattr(relay_module, "RENEW_SECONDS", 0.25)
    topic, other = topics(3), topics(2)
    keys = [f"key-{number}" for number in range(5)]
    await create(database, keys)
    instances = "bare", "bare-2"
    for instance, held in zip(instances, turns, strict=True):
        await relay_of(bare, instance, *held)
    sources = [await bare.changes(instance) for instance in instances for _ in range(2)]

    async def count(number: int) -> None:
        for step in range(40):
            key, kind = keys[(number + step) % len(keys)], (urgent, numbered, urgent)[(number + step) % 3]
            messages = partial(kind, topic), partial(urgent, other)
            await sources[number].do(lambda unit: count_up(unit, key, *messages))  # noqa: B023 - done at once

    await asyncio.gather(*(count(number) for number in range(len(sources))))
    for name in (topic, other):
        found = await first_appearances(bare, name, 160)
        assert {key: found[key] for key in keys} == {key: list(range(1, len(found[key]) + 1)) for key in keys}
    await until(lambda: emptied(database))

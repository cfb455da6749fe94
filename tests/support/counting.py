"""Counters that publish each of their numbers, so that a message that is lost or overtaken shows."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

import orjson

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Database
from tests.support.bare import Bare
from tests.support.topic_reader import read

_UPDATE = """
UPDATE counter SET n = new.n FROM json_to_recordset(%s) AS new (key text, n int, revision xid)
WHERE counter.key = new.key AND counter.xmin = new.revision
"""


async def create(database: Database, keys: Sequence[str]) -> None:
    await database.execute("CREATE TABLE counter (key text PRIMARY KEY, n int DEFAULT 0)")
    await database.execute("INSERT INTO counter SELECT unnest(%s::text[])", (list(keys),))


def count_up(unit: Unit, key: str, *messages: Callable[[str, int], Message]) -> int:
    """Writes the key's next number and publishes it, as every service does: with what it read as a condition."""
    ((n, revision),) = unit.read("SELECT n, xmin::text FROM counter WHERE key = %s", key, lock="FOR UPDATE")
    unit.write(_UPDATE, [{"key": key, "n": n + 1, "revision": revision}], expected=1)
    unit.publish(*(message(key, n + 1) for message in messages))
    return int(n) + 1


async def first_appearances(bare: Bare, topic: str, count: int) -> dict[str, list[int]]:
    """Numbers by key, without repeats, in the order of the topic; waits for `count` of them."""
    return await asyncio.to_thread(_first_appearances, bare.settings.kafka_bootstrap, topic, count)


def _first_appearances(bootstrap: str, topic: str, count: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    records = count
    while sum(map(len, found.values())) < count:  # repeats may have taken their place
        found, seen = defaultdict(list), read(bootstrap, topic, records)
        for raw in seen:
            key, number = bytes(raw.key() or b"").decode(), orjson.loads(raw.value() or b"")["number"]
            if number not in found[key]:
                found[key].append(number)
        records = len(seen) + 1
    return found

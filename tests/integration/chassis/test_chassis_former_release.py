"""Rows of the outbox that a release wrote which knows nothing of urgent messages: relays bring them, in order."""

from services.chassis.messaging.outbox import bucket
from services.chassis.storage.database import Database
from tests.conftest import Topics
from tests.support.bare import Bare, backlog, emptied, publish, until, urgent
from tests.support.counting import first_appearances

_FORMER = """
INSERT INTO outbox (bucket, topic, key, payload, headers)
SELECT %s, %s, %s, convert_to(format('{"number":%%s}', n), 'UTF8'), '{}' FROM generate_series(%s::int, %s::int) n
"""


async def former(database: Database, topic: str, key: str, first: int, last: int) -> None:
    await database.execute(_FORMER, (bucket(key), topic, key, first, last))


async def test_rows_of_the_former_release_go_out(bare: Bare, database: Database, topics: Topics) -> None:
    topic = topics()
    await former(database, topic, "a", 0, 9)
    await bare.relay(database)
    await until(lambda: emptied(database))
    await former(database, topic, "a", 10, 19)
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 20) == {"a": list(range(20))}


async def test_both_releases_publish_for_the_same_key_in_order(bare: Bare, database: Database, topics: Topics) -> None:
    """As while one takes the other's place."""
    topic = topics()
    await bare.relay(database)
    for number in range(0, 20, 2):
        await former(database, topic, "a", number, number)
        await publish(bare, urgent(topic, "a", number + 1))
    await until(lambda: emptied(database))
    assert await first_appearances(bare, topic, 20) == {"a": list(range(20))}
    assert await backlog(database) == 0

"""Two stock handlers at once: nothing is oversold, no unit is lost, and each order's story is one story."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Database
from services.product.catalog import SEED_ON_HAND, seed_products
from services.product.handlers import Handlers
from services.product.seed import seeded
from services.product.settings import ProductSettings
from tests.integration.product.test_product_stock_batches import level, message, reserve, set_on_hand, unbalanced
from tests.support.replicas import Replica, replicas

HANDLERS = Handlers("EUR")
MUG, CUP, BOWL, *_ = [product.id for product in seed_products()]


@pytest.fixture(autouse=True)
async def catalog(database: Database) -> None:
    async with seeded(database, "EUR"):
        pass


def kinds(replies: list[Message]) -> list[str]:
    return [reply.type.split(".")[2] for reply in replies]


def meanwhile(other: Callable[[], object]) -> Callable[[Unit, list[Message]], None]:
    """A handler which, once it has read and decided for the first time, waits for `other` to be done."""
    done: list[object] = []

    def handle(unit: Unit, messages: list[Message]) -> None:
        HANDLERS.on_commands(unit, messages)
        if not done:
            done.append(other())

    return handle


async def test_two_handlers_on_the_same_products_never_oversell(
    database: Database, product_settings: ProductSettings
) -> None:
    for product in (MUG, CUP, BOWL):
        await set_on_hand(database, product, 30)
    orders = [uuid4() for _ in range(80)]
    async with replicas(2, product_settings, HANDLERS.on_commands) as pair:

        async def one(replica: Replica, own: list[UUID]) -> list[str]:
            chance, answers = random.Random(own[0].int), []
            for start in range(0, len(own), 4):
                batch = [reserve(order, *((p, 1) for p in (MUG, CUP, BOWL))) for order in own[start : start + 4]]
                chance.shuffle(batch)
                answers += kinds(await replica.take(batch))
            return answers

        first, second = await asyncio.gather(one(pair[0], orders[::2]), one(pair[1], orders[1::2]))
    told = first + second
    assert (told.count("reserved"), told.count("refused")) == (30, 50)
    for product in (MUG, CUP, BOWL):
        assert await level(database, product) == (0, 30, 0)
    assert await unbalanced(database) == []


async def test_a_reserve_that_others_overtook_decides_on_what_they_left(
    database: Database, product_settings: ProductSettings
) -> None:
    await set_on_hand(database, MUG, 3)
    with Replica(product_settings, HANDLERS.on_commands) as other:

        def take_two() -> None:
            assert kinds(other.now([reserve(uuid4(), (MUG, 2))])) == ["reserved"]

        with Replica(product_settings, meanwhile(take_two)) as late:
            assert kinds(await late.take([reserve(uuid4(), (MUG, 2)), reserve(uuid4(), (MUG, 1))])) == [
                "refused",
                "reserved",
            ]
            assert late.attempts == 2
    assert await level(database, MUG) == (0, 3, 0)
    assert await unbalanced(database) == []


async def test_a_reserve_finds_the_tombstone_of_a_release_that_came_first(
    database: Database, product_settings: ProductSettings
) -> None:
    before, between = uuid4(), uuid4()
    with Replica(product_settings, HANDLERS.on_commands) as other:
        await other.take([message("release", before)])

        def release() -> None:
            other.now([message("release", between)])

        with Replica(product_settings, meanwhile(release)) as late:
            replies = await late.take(
                [reserve(before, (MUG, 2)), reserve(between, (MUG, 3)), reserve(uuid4(), (MUG, 1))]
            )
    assert kinds(replies) == ["reserved"]
    assert await level(database, MUG) == (SEED_ON_HAND - 1, 1, 0)
    assert await unbalanced(database) == []


async def test_a_release_and_a_late_reserve_at_once_take_nothing_in_the_end(
    database: Database, product_settings: ProductSettings
) -> None:
    orders = [uuid4() for _ in range(30)]
    async with replicas(2, product_settings, HANDLERS.on_commands) as (first, second):
        await asyncio.gather(
            first.take([reserve(order, (MUG, 2), (CUP, 1)) for order in orders]),
            second.take([message("release", order) for order in orders[::-1]]),
        )
    assert await level(database, MUG) == (SEED_ON_HAND, 0, 0)
    assert await level(database, CUP) == (SEED_ON_HAND, 0, 0)
    assert await unbalanced(database) == []


async def test_commands_that_two_consumers_repeat_move_the_units_once(
    database: Database, product_settings: ProductSettings
) -> None:
    kept, undone = [uuid4() for _ in range(10)], [uuid4() for _ in range(10)]
    reserves = [reserve(order, (MUG, 1)) for order in kept + undone]
    ends = [message("commit", order) for order in kept] + [message("release", order) for order in undone]
    async with replicas(2, product_settings, HANDLERS.on_commands) as pair:
        for batch in (reserves, ends):
            await asyncio.gather(*(replica.take(batch) for replica in pair))
            await pair[0].take(batch[:7])
    assert await level(database, MUG) == (SEED_ON_HAND - 10, 0, 10)
    assert await unbalanced(database) == []
    rows = await database.fetch("SELECT count(*), count(DISTINCT key) FROM outbox")
    assert rows == [(20, 20)]


async def test_a_change_of_stock_by_staff_is_not_overwritten(
    database: Database, product_settings: ProductSettings
) -> None:
    loop = asyncio.get_running_loop()

    def restock() -> None:
        asyncio.run_coroutine_threadsafe(set_on_hand(database, MUG, 7), loop).result(20)

    with Replica(product_settings, meanwhile(restock)) as replica:
        assert kinds(await replica.take([reserve(uuid4(), (MUG, 2))])) == ["reserved"]
    assert await level(database, MUG) == (5, 2, 0)
    assert await unbalanced(database) == []

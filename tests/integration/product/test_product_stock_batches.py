"""Batches of stock commands on a real database: nothing oversold, nothing lost, nothing done twice."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.storage.database import Database
from services.product.catalog import SEED_ON_HAND, seed_products
from services.product.handlers import Handlers
from services.product.seed import seeded
from services.product.settings import ProductSettings
from tests.support.replicas import Replica, handled

HANDLERS = Handlers("EUR")
MUG, CUP, *_ = [product.id for product in seed_products()]


@pytest.fixture(autouse=True)
async def catalog(database: Database) -> None:
    async with seeded(database, "EUR"):
        pass


def reserve(order: UUID, *wanted: tuple[UUID, int], **more: Any) -> Message:
    lines = [{"product_id": str(product), "quantity": quantity} for product, quantity in wanted]
    return message("reserve", order, lines=lines, **more)


def message(kind: str, order: UUID, **data: Any) -> Message:
    return Message("product.commands", str(order), f"mercato.product.{kind}.v1", {"order_id": str(order), **data})


def told(replies: Sequence[Message]) -> list[dict[str, Any]]:
    return [orjson.loads(reply.payload()) | {"type": reply.type} for reply in replies]


async def handle(settings: ProductSettings, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """One batch, as the consumer handles it; the replies that committed with it."""
    return told(await handled(settings, HANDLERS.on_commands, messages))


async def retrying(settings: ProductSettings, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """As the consumer does: a batch that met another consumer's work is tried again."""
    with Replica(settings, HANDLERS.on_commands) as replica:
        return told(await replica.take(messages))


async def set_on_hand(database: Database, product: UUID, units: int) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute(
            "INSERT INTO stock_move (id, product_id, delta, reason) SELECT %s, product_id, %s - on_hand, 'test'"
            " FROM stock WHERE product_id = %s",
            (uuid4(), units, product),
        )
        await tx.connection.execute("UPDATE stock SET on_hand = %s WHERE product_id = %s", (units, product))


async def level(database: Database, product: UUID) -> tuple[int, int, int]:
    async with database.transaction() as tx:
        cursor = await tx.connection.execute(
            "SELECT on_hand, reserved, sold FROM stock WHERE product_id = %s", (product,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return (row[0], row[1], row[2])


async def unbalanced(database: Database) -> list[Any]:
    """Products for which on hand + reserved + sold is not the sum of the adjustments."""
    async with database.transaction() as tx:
        cursor = await tx.connection.execute(
            "SELECT s.product_id FROM stock s LEFT JOIN stock_move m USING (product_id)"
            " GROUP BY s.product_id HAVING s.on_hand + s.reserved + s.sold <> coalesce(sum(m.delta), 0)"
        )
        return await cursor.fetchall()


async def test_seeding_twice_or_at_once_changes_nothing(database: Database) -> None:
    await set_on_hand(database, MUG, 3)

    async def again() -> None:
        async with seeded(database, "EUR"):
            pass

    await asyncio.gather(*(again() for _ in range(4)))
    assert await level(database, MUG) == (3, 0, 0)
    assert await level(database, CUP) == (SEED_ON_HAND, 0, 0)
    assert await unbalanced(database) == []


async def test_a_catalog_in_another_currency_stops_the_start_and_says_why(database: Database) -> None:
    with pytest.raises(SystemExit, match="priced in EUR: set MERCATO_CURRENCY=EUR"):
        async with seeded(database, "USD"):
            pass


async def test_the_life_of_orders_in_one_batch(database: Database, product_settings: ProductSettings) -> None:
    kept, undone, refused, late = (uuid4() for _ in range(4))
    replies = await handle(
        product_settings,
        [
            message("release", late),
            reserve(kept, (MUG, 2), (CUP, 1)),
            reserve(undone, (MUG, 5)),
            reserve(refused, (MUG, 1), (uuid4(), 1)),
            message("commit", kept),
            message("commit", undone),
            message("release", undone),
            reserve(late, (MUG, 1)),
        ],
    )
    assert [(reply["order_id"], reply["type"].split(".")[2]) for reply in replies] == [
        (str(kept), "reserved"),
        (str(undone), "reserved"),
        (str(refused), "refused"),
    ]
    assert await level(database, MUG) == (SEED_ON_HAND - 2, 0, 2)
    assert await level(database, CUP) == (SEED_ON_HAND - 1, 0, 1)
    assert await unbalanced(database) == []


async def test_commands_in_batches_of_their_own_find_what_was_stored(
    database: Database, product_settings: ProductSettings
) -> None:
    order, other = uuid4(), uuid4()
    first = await handle(product_settings, [reserve(order, (MUG, 2)), message("release", other)])
    repeated = await handle(product_settings, [reserve(order, (MUG, 2)), reserve(other, (MUG, 9))])
    assert repeated == first
    assert await level(database, MUG) == (SEED_ON_HAND - 2, 2, 0)
    await handle(product_settings, [message("commit", order)])
    assert await level(database, MUG) == (SEED_ON_HAND - 2, 0, 2)
    await handle(product_settings, [message("release", order)])
    await handle(product_settings, [message("release", order), message("commit", order)])
    assert await level(database, MUG) == (SEED_ON_HAND, 0, 0)
    assert await unbalanced(database) == []


async def test_a_refusal_is_repeated_as_it_was(database: Database, product_settings: ProductSettings) -> None:
    order = uuid4()
    await set_on_hand(database, MUG, 1)
    first = await handle(product_settings, [reserve(order, (MUG, 2))])
    assert first[0]["reason"] == "out_of_stock"
    assert seed_products()[0].name in first[0]["detail"]
    await set_on_hand(database, MUG, 50)
    assert await handle(product_settings, [reserve(order, (MUG, 2))]) == first


async def test_the_same_message_twice_is_handled_once(database: Database, product_settings: ProductSettings) -> None:
    command = reserve(uuid4(), (MUG, 2))
    assert len(await handle(product_settings, [command, command])) == 1
    assert await handle(product_settings, [command]) == []
    assert await level(database, MUG) == (SEED_ON_HAND - 2, 2, 0)


@pytest.mark.parametrize("bad", [message("burn", uuid4()), message("commit", uuid4()), message("reserve", uuid4())])
async def test_a_batch_with_a_message_that_cannot_be_handled_leaves_no_trace(
    database: Database, product_settings: ProductSettings, bad: Message
) -> None:
    with pytest.raises(InvalidMessage):
        await handle(product_settings, [reserve(uuid4(), (MUG, 2)), bad])
    assert await level(database, MUG) == (SEED_ON_HAND, 0, 0)


async def test_fifty_customers_racing_for_the_last_ten_get_exactly_ten(
    database: Database, product_settings: ProductSettings
) -> None:
    await set_on_hand(database, MUG, 10)
    orders = [reserve(uuid4(), (MUG, 1)) for _ in range(50)]
    batches = [orders[n::5] for n in range(5)]
    replies = [
        reply for batch in await asyncio.gather(*(handle(product_settings, b) for b in batches)) for reply in batch
    ]
    kinds = [reply["type"].split(".")[2] for reply in replies]
    assert (kinds.count("reserved"), kinds.count("refused")) == (10, 40)
    assert await level(database, MUG) == (0, 10, 0)
    assert await unbalanced(database) == []


async def test_concurrent_batches_over_the_same_products_neither_deadlock_nor_oversell(
    database: Database, product_settings: ProductSettings
) -> None:
    chance = random.Random(4)
    hot = [product.id for product in seed_products()[:6]]
    for product in hot:
        await set_on_hand(database, product, 40)

    async def one_consumer(name: int) -> int:
        taken = 0
        for _ in range(8):
            orders = [uuid4() for _ in range(12)]
            wanted = [[(product, chance.randint(1, 3)) for product in chance.sample(hot, 3)] for _ in orders]
            replies = await handle(product_settings, [reserve(o, *w) for o, w in zip(orders, wanted, strict=True)])
            held = [UUID(reply["order_id"]) for reply in replies if reply["type"].endswith("reserved.v1")]
            ends = [message(chance.choice(["commit", "release"]), order) for order in held]
            await handle(product_settings, ends or [message("release", uuid4())])
            taken += len(held)
        return taken

    async with asyncio.timeout(60):
        taken = await asyncio.gather(*(one_consumer(n) for n in range(4)))
    assert sum(taken) > 0
    assert await unbalanced(database) == []
    for product in hot:
        on_hand, reserved, sold = await level(database, product)
        assert (on_hand + sold, reserved) == (40, 0)


async def test_two_consumers_with_the_same_order_reserve_once(
    database: Database, product_settings: ProductSettings
) -> None:
    """After a rebalance two consumers may hold the same order for a moment, with messages of their own."""
    orders = [uuid4() for _ in range(10)]
    batches = [[reserve(order, (MUG, 1)) for order in sequence] for sequence in (orders, orders[::-1])]
    first, second = await asyncio.gather(*(retrying(product_settings, batch) for batch in batches))
    assert {reply["order_id"] for reply in first} == {reply["order_id"] for reply in second}
    assert await level(database, MUG) == (SEED_ON_HAND - 10, 10, 0)

"""Puts the first products into a new catalog, each time a process starts and does not find them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.chassis.storage.database import Connection, Database
from services.chassis.texts import currencies
from services.product.catalog import SEED_ON_HAND, SeedProduct, image_path, seed_products
from services.product.search import give_all_words

_SEED = """
WITH seeded AS (
    INSERT INTO product (id, sku, name, description, category, price_amount, currency, image_url, status)
    SELECT *, 'active' FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                                   %s::text[], %s::text[])
    ON CONFLICT DO NOTHING RETURNING id
), moved AS (
    INSERT INTO stock_move (id, product_id, delta, reason)
    SELECT move, id, %s, 'seed' FROM unnest(%s::uuid[], %s::uuid[]) AS first (move, id) JOIN seeded USING (id)
)
INSERT INTO stock (product_id, on_hand) SELECT id, %s FROM seeded
"""


@asynccontextmanager
async def seeded(database: Database, currency: str) -> AsyncIterator[None]:
    """Seeds on entry. Raises SystemExit when the catalog is priced in another currency than the installation's."""
    await database.awaited()
    async with database.transaction() as tx:
        await seed(tx.connection, seed_products(), currency)
        other = await foreign_currency(tx.connection, currency)
    await give_all_words(database)
    if other is not None:
        raise SystemExit(f"product: the catalog is priced in {other}: set MERCATO_CURRENCY={other}, not {currency}")
    yield


async def seed(connection: Connection, products: Sequence[SeedProduct], currency: str) -> None:
    """Puts in those products that are not there; changes none that is. Safe when several processes do it at once."""
    rows = sorted(products, key=lambda product: product.id)
    ids = [row.id for row in rows]
    texts = ([row.sku for row in rows], [row.name for row in rows], [row.description for row in rows])
    step = currencies.step(currency)
    prices = [-(-row.price // step) * step for row in rows]  # up to what a card can be charged
    pictures = [image_path(row.sku) for row in rows]
    columns = (ids, *texts, [row.category for row in rows], prices, [currency] * len(rows), pictures)
    moves = (SEED_ON_HAND, [row.first_move_id for row in rows], ids, SEED_ON_HAND)
    await connection.execute(_SEED, (*columns, *moves))


async def foreign_currency(connection: Connection, currency: str) -> str | None:
    """A currency other than `currency` that some product is priced in."""
    cursor = await connection.execute("SELECT currency FROM product WHERE currency <> %s LIMIT 1", (currency,))
    row = await cursor.fetchone()
    return None if row is None else row[0]

"""The catalog and its stock moves in SQL. Nothing here commits."""

from uuid import UUID

from psycopg.rows import class_row
from psycopg.sql import SQL, Composed

from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Connection, Database
from services.product import search
from services.product.catalog import image_path
from services.product.schemas import Adjustment, MoveRow, NewProduct, ProductRow

_PRODUCTS = SQL(
    "SELECT id, sku, name, description, category, price_amount, currency, image_url, status, version,"
    " on_hand AS available FROM product JOIN stock ON product_id = id "
)
_ONE = _PRODUCTS + SQL("WHERE id = %s")
_MOVES = SQL("SELECT id, product_id, delta, reason, created_at FROM stock_move ")

# The place of the cursor's product is found anew, so that the cursor is nothing but its id.
_LIST = _PRODUCTS + SQL("""
WHERE status = 'active'
  AND (%(category)s::text IS NULL OR category = %(category)s)
  AND (%(after)s::uuid IS NULL OR (name, id) > (SELECT name, id FROM product WHERE id = %(after)s))
ORDER BY name, id LIMIT %(limit)s
""")

# Best match first; ts_rank is the same for the same product and words, whatever the page.
_SEARCH = SQL("""
WITH asked AS MATERIALIZED (SELECT {query} AS query)
{products} CROSS JOIN asked
WHERE status = 'active' AND words @@ query
  AND (%(category)s::text IS NULL OR category = %(category)s)
  AND (%(after)s::uuid IS NULL OR (-ts_rank(words, query), name, id) >
       (SELECT -ts_rank(p.words, query), p.name, p.id FROM product p WHERE p.id = %(after)s))
ORDER BY -ts_rank(words, query), name, id LIMIT %(limit)s
""")

_CREATE = """
WITH created AS (
    INSERT INTO product (id, sku, name, description, category, price_amount, currency, image_url, status)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (sku) DO NOTHING RETURNING id
)
INSERT INTO stock (product_id) SELECT id FROM created RETURNING product_id
"""


def search_statement(query: Composed) -> Composed:
    """Active products that match `query`; takes the values of `list_products`."""
    return _SEARCH.format(query=query, products=_PRODUCTS)


async def list_products(
    database: Database, *, query: Composed | None, category: str | None, after: UUID | None, limit: int
) -> list[ProductRow]:
    """At most `limit` active products after the product `after`: by name, or the best match of `query` first."""
    values = {"category": category, "after": after, "limit": limit}
    rows = await database.fetch(_LIST if query is None else search_statement(query), values)
    return [ProductRow(*row) for row in rows]


async def product_by_id(database: Database, product_id: UUID) -> ProductRow | None:
    rows = await database.fetch(_ONE, (product_id,))
    return ProductRow(*rows[0]) if rows else None


async def product_by_sku(database: Database, sku: str) -> ProductRow | None:
    rows = await database.fetch(_PRODUCTS + SQL("WHERE sku = %s"), (sku,))
    return ProductRow(*rows[0]) if rows else None


async def product_within(connection: Connection, product_id: UUID) -> ProductRow | None:
    """The product as the connection's transaction sees it."""
    async with connection.cursor(row_factory=class_row(ProductRow)) as cursor:
        await cursor.execute(_ONE, (product_id,))
        return await cursor.fetchone()


async def create_product(connection: Connection, new: NewProduct) -> UUID | None:
    """The new product's id; None when the sku is taken."""
    image_url = new.image_url or image_path(new.sku)
    texts = (new.sku, new.name, new.description, new.category)
    values = (new_id(), *texts, new.price.amount, new.price.currency, image_url, new.status)
    row = await (await connection.execute(_CREATE, values)).fetchone()
    if row is None:
        return None
    await search.give_words(connection, row[0])
    return UUID(str(row[0]))


async def adjust_stock(
    connection: Connection, move_id: UUID, product_id: UUID, adjustment: Adjustment
) -> MoveRow | None:
    """Records the move and its effect; None when it would take more than is on hand.

    The caller has seen that the product exists.
    """
    changed = await connection.execute(
        "UPDATE stock SET on_hand = on_hand + %(delta)s WHERE product_id = %(id)s AND on_hand + %(delta)s >= 0",
        {"delta": adjustment.delta, "id": product_id},
    )
    if changed.rowcount == 0:
        return None
    async with connection.cursor(row_factory=class_row(MoveRow)) as cursor:
        await cursor.execute(
            "INSERT INTO stock_move (id, product_id, delta, reason) VALUES (%s, %s, %s, %s)"
            " RETURNING id, product_id, delta, reason, created_at",
            (move_id, product_id, adjustment.delta, adjustment.reason),
        )
        return await cursor.fetchone()


async def stock_move(connection: Connection, product_id: UUID, move_id: UUID) -> MoveRow | None:
    async with connection.cursor(row_factory=class_row(MoveRow)) as cursor:
        await cursor.execute(_MOVES + SQL("WHERE product_id = %s AND id = %s"), (product_id, move_id))
        return await cursor.fetchone()


async def list_moves(connection: Connection, product_id: UUID, *, after: UUID | None, limit: int) -> list[MoveRow]:
    """At most `limit` moves of a product that came before the move `after`, newest first."""
    async with connection.cursor(row_factory=class_row(MoveRow)) as cursor:
        await cursor.execute(
            _MOVES
            + SQL("""WHERE product_id = %(product)s AND (%(after)s::uuid IS NULL OR (created_at, id) <
                         (SELECT created_at, id FROM stock_move WHERE id = %(after)s))
                     ORDER BY created_at DESC, id DESC LIMIT %(limit)s"""),
            {"product": product_id, "after": after, "limit": limit},
        )
        return await cursor.fetchall()

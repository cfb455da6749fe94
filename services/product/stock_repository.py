"""Loads and stores what a batch of stock commands works on, set-based. Nothing here commits."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import orjson

from services.chassis.storage.database import Connection
from services.product.stock import Command, Level, Line, Money, Product, Reason, Reservation, Reserve, State, Stockroom

# Every transaction locks reservations first, then stock, each in the order of ids: none can wait for another in a ring.
_RESERVATIONS = """
SELECT order_id, state, lines, total_amount, currency, reason, detail FROM reservation
WHERE order_id = ANY(%s) ORDER BY order_id FOR UPDATE
"""
_STOCK = """
SELECT id, sku, name, price_amount, currency, status = 'active', on_hand, reserved, sold
FROM stock JOIN product ON id = product_id WHERE product_id = ANY(%s) ORDER BY product_id FOR NO KEY UPDATE OF stock
"""
# One statement for all, since the way to the server and back takes the most of each; any of the three may be empty.
# A conflict on insertion is left to fail: another consumer has just decided the same order, and this batch looks again.
_STORE = """
WITH levels AS (
    UPDATE stock SET on_hand = new.on_hand, reserved = new.reserved, sold = new.sold
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[]) AS new (id, on_hand, reserved, sold)
    WHERE product_id = new.id
), fresh AS (
    INSERT INTO reservation (order_id, state, lines, total_amount, currency, reason, detail)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::jsonb[], %s::bigint[], %s::text[], %s::text[], %s::text[])
)
UPDATE reservation SET state = new.state, updated_at = now()
FROM unnest(%s::uuid[], %s::text[]) AS new (id, state) WHERE order_id = new.id
"""


async def load(connection: Connection, commands: Collection[Command], currency: str) -> Stockroom:
    """Everything the commands touch, locked until the transaction ends."""
    orders = [command.order_id for command in commands]
    rows = await (await connection.execute(_RESERVATIONS, (orders,))).fetchall()
    reservations = {row[0]: _reservation(row) for row in rows}
    wanted = {product for c in commands if isinstance(c, Reserve) for product, _ in c.wanted}
    held = {line.product_id for reservation in reservations.values() for line in reservation.lines}
    products, levels = {}, {}
    for row in await (await connection.execute(_STOCK, (sorted(wanted | held),))).fetchall():
        product_id, sku, name, price, price_currency, active, *level = row
        products[product_id] = Product(product_id, sku, name, Money(price, price_currency), active)
        levels[product_id] = Level(*level)
    return Stockroom(currency, products, levels, reservations)


async def store(connection: Connection, room: Stockroom) -> None:
    """Writes back what the commands changed."""
    changed = [room.reservations[order_id] for order_id in sorted(room.changed_reservations)]
    if not changed:
        return
    ids = sorted(room.changed_levels)
    levels = [room.levels[product_id] for product_id in ids]
    fresh = [reservation for reservation in changed if reservation.order_id in room.new_reservations]
    ended = [reservation for reservation in changed if reservation.order_id not in room.new_reservations]
    await connection.execute(
        _STORE,
        (
            ids,
            [level.on_hand for level in levels],
            [level.reserved for level in levels],
            [level.sold for level in levels],
            [reservation.order_id for reservation in fresh],
            [reservation.state.value for reservation in fresh],
            [orjson.dumps([_line_document(line) for line in reservation.lines]).decode() for reservation in fresh],
            [reservation.total and reservation.total.amount for reservation in fresh],
            [reservation.total and reservation.total.currency for reservation in fresh],
            [reservation.reason and reservation.reason.value for reservation in fresh],
            [reservation.detail for reservation in fresh],
            [reservation.order_id for reservation in ended],
            [reservation.state.value for reservation in ended],
        ),
    )


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "product_id": line.product_id,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_amount": line.unit_price.amount,
    }


def _reservation(row: tuple[Any, ...]) -> Reservation:
    order_id, state, lines, amount, currency, reason, detail = row
    if amount is None:
        return Reservation(order_id, State(state), reason=None if reason is None else Reason(reason), detail=detail)
    parsed = tuple(
        Line(UUID(n["product_id"]), n["sku"], n["name"], n["quantity"], Money(n["unit_amount"], currency))
        for n in lines
    )
    return Reservation(order_id, State(state), parsed, Money(amount, currency))

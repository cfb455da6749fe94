"""Loads and stores what a batch of stock commands works on, set-based. Nothing here commits."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.chassis.messaging.unit import Unit
from services.product.stock import Command, Level, Line, Money, Product, Reason, Reservation, Reserve, State, Stockroom

# Every unit that locks does so with reservations first, then stock, each in the order of ids: none can wait for another
# in a ring.
_RESERVATIONS = """
SELECT order_id, state, lines, total_amount, currency, reason, detail, xmin::text FROM reservation
WHERE order_id = ANY(%s) ORDER BY order_id
"""
_STOCK = """
SELECT id, sku, name, price_amount, currency, status = 'active', on_hand, reserved, sold, stock.xmin::text
FROM stock JOIN product ON id = product_id WHERE product_id = ANY(%s) ORDER BY product_id
"""
_LEVELS = """
UPDATE stock SET on_hand = new.on_hand, reserved = new.reserved, sold = new.sold
FROM json_to_recordset(%s) AS new (id uuid, revision xid, on_hand bigint, reserved bigint, sold bigint)
WHERE product_id = new.id AND stock.xmin = new.revision
"""
# One that is there already makes the unit conflict: another consumer has just decided the same order.
_FRESH = """
INSERT INTO reservation (order_id, state, lines, total_amount, currency, reason, detail)
SELECT * FROM json_to_recordset(%s) AS r (order_id uuid, state text, lines jsonb, total_amount bigint, currency text,
    reason text, detail text)
"""
_ENDED = """
UPDATE reservation SET state = new.state, updated_at = now()
FROM json_to_recordset(%s) AS new (id uuid, revision xid, state text)
WHERE order_id = new.id AND reservation.xmin = new.revision
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was read: the room to decide in, and the revisions of the rows it was made of."""

    room: Stockroom
    levels: dict[UUID, str]
    reservations: dict[UUID, str]


def load(unit: Unit, commands: Collection[Command], currency: str) -> Stored:
    """Everything the commands touch."""
    # A reserve is taken for its order's first until that proves wrong.
    orders = [command.order_id for command in commands if unit.locking or not isinstance(command, Reserve)]
    rows = unit.read(_RESERVATIONS, orders, lock="FOR UPDATE") if orders else []
    reservations = {row[0]: _reservation(row[:-1]) for row in rows}
    wanted = {product for c in commands if isinstance(c, Reserve) for product, _ in c.wanted}
    held = {line.product_id for reservation in reservations.values() for line in reservation.lines}
    products, levels, revisions = {}, {}, {}
    for row in unit.read(_STOCK, sorted(wanted | held), lock="FOR NO KEY UPDATE OF stock"):
        product_id, sku, name, price, price_currency, active, *level, revision = row
        products[product_id] = Product(product_id, sku, name, Money(price, price_currency), active)
        levels[product_id] = Level(*level)
        revisions[product_id] = revision
    room = Stockroom(currency, products, levels, reservations)
    return Stored(room, revisions, {row[0]: row[-1] for row in rows})


def store(unit: Unit, stored: Stored) -> None:
    """Writes back what the commands changed."""
    room = stored.room
    ids = sorted(room.changed_levels)
    levels = [
        {
            "id": product_id,
            "revision": stored.levels[product_id],
            "on_hand": room.levels[product_id].on_hand,
            "reserved": room.levels[product_id].reserved,
            "sold": room.levels[product_id].sold,
        }
        for product_id in ids
    ]
    unit.write(_LEVELS, levels, expected=len(levels))
    changed = [room.reservations[order_id] for order_id in sorted(room.changed_reservations)]
    unit.write(_FRESH, [_document(one) for one in changed if one.order_id in room.new_reservations])
    ended = [
        {"id": one.order_id, "revision": stored.reservations[one.order_id], "state": one.state}
        for one in changed
        if one.order_id not in room.new_reservations
    ]
    unit.write(_ENDED, ended, expected=len(ended))


def _document(reservation: Reservation) -> dict[str, Any]:
    return {
        "order_id": reservation.order_id,
        "state": reservation.state,
        "lines": [_line_document(line) for line in reservation.lines],
        "total_amount": reservation.total and reservation.total.amount,
        "currency": reservation.total and reservation.total.currency,
        "reason": reservation.reason,
        "detail": reservation.detail,
    }


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

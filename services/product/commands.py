"""The use cases of the catalog, each one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.http import idempotency
from services.chassis.http.idempotency import Key
from services.chassis.http.problems import Conflict, NotFound
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Database
from services.product import repository
from services.product.schemas import Adjustment, MoveRow, NewProduct, ProductRow


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A stock move; `repeated` where an earlier request made it. `status` and `location` are that request's."""

    move: MoveRow
    status: int
    location: str
    repeated: bool


class Commands:
    """Everything raises NotFound where there is no such product."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, new: NewProduct) -> ProductRow:
        """Raises Conflict where its sku is taken."""
        async with self._database.transaction() as unit:
            product_id = await repository.create_product(unit.connection, new)
            if product_id is None:
                raise Conflict(f"The sku {new.sku} is taken; choose another.")
            return found(await repository.product_within(unit.connection, product_id))

    async def adjust(self, product_id: UUID, adjustment: Adjustment, key: Key, status: int, moves: str) -> Adjusted:
        """`moves`: the path of the product's stock moves. Raises Conflict where less is on hand."""
        move_id = new_id()
        location = f"{moves}/{move_id}"
        async with self._database.transaction() as unit:
            first = await idempotency.claim(unit.connection, key, status, location)
            if first is not None:
                first_id = UUID(first.location.rpartition("/")[2])
                move = found_move(await repository.stock_move(unit.connection, product_id, first_id))
                return Adjusted(move, first.status, first.location, repeated=True)
            found(await repository.product_within(unit.connection, product_id))
            made = await repository.adjust_stock(unit.connection, move_id, product_id, adjustment)
            if made is None:
                raise Conflict(f"Less than {-adjustment.delta} are on hand; stock cannot go below zero.")
        return Adjusted(made, status, location, repeated=False)

    async def moves(self, product_id: UUID, *, after: UUID | None, limit: int) -> Sequence[MoveRow]:
        """Adjustments of a product, newest first."""
        async with self._database.transaction() as unit:
            found(await repository.product_within(unit.connection, product_id))
            return await repository.list_moves(unit.connection, product_id, after=after, limit=limit)

    async def move(self, product_id: UUID, move_id: UUID) -> MoveRow:
        """Raises NotFound where there is no such move."""
        async with self._database.transaction() as unit:
            return found_move(await repository.stock_move(unit.connection, product_id, move_id))


def found(row: ProductRow | None) -> ProductRow:
    """Raises NotFound without one."""
    if row is None:
        raise NotFound("There is no product with this id.")
    return row


def found_move(row: MoveRow | None) -> MoveRow:
    """Raises NotFound without one."""
    if row is None:
        raise NotFound("This product has no stock move with this id.")
    return row

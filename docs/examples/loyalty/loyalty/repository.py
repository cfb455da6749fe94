"""SQL of points, in sets. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.storage.database import Connection

# An order's newest version is what counts, in whatever order events come and however often.
_SAVE = """
INSERT INTO order_points (order_id, customer_id, version, points)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::bigint[])
ON CONFLICT (order_id) DO UPDATE SET version = excluded.version, points = excluded.points
WHERE order_points.version < excluded.version
"""


@dataclass(frozen=True, slots=True)
class Earned:
    """What an order is worth as of one version of it."""

    order_id: UUID
    customer_id: str
    version: int
    points: int


@dataclass(frozen=True, slots=True)
class Account:
    """All points of a customer, and how many orders they are from."""

    points: int
    orders: int


async def save(connection: Connection, earned: Sequence[Earned]) -> None:
    """`earned` must not name an order twice."""
    rows = [(one.order_id, one.customer_id, one.version, one.points) for one in earned]
    await connection.execute(_SAVE, [list(column) for column in zip(*rows, strict=True)])


async def account(connection: Connection, customer_id: str) -> Account:
    cursor = await connection.execute(
        "SELECT coalesce(sum(points), 0)::bigint, count(*) FILTER (WHERE points > 0) FROM order_points"
        " WHERE customer_id = %s",
        (customer_id,),
    )
    row = await cursor.fetchone()
    return Account(*row) if row else Account(0, 0)

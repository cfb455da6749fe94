"""SQL of points, in sets. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from services.chassis.messaging.unit import Unit
from services.chassis.storage.database import Database

# An order's newest version is what counts, in whatever order events come and however often.
_SAVE = """
INSERT INTO order_points (order_id, customer_id, version, points)
SELECT * FROM json_to_recordset(%s) AS r (order_id uuid, customer_id text, version int, points bigint)
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


def save(unit: Unit, earned: Sequence[Earned]) -> None:
    """`earned` must not name an order twice."""
    unit.write(_SAVE, [asdict(one) for one in earned])


async def account(database: Database, customer_id: str) -> Account:
    rows = await database.fetch(
        "SELECT coalesce(sum(points), 0)::bigint, count(*) FILTER (WHERE points > 0) FROM order_points"
        " WHERE customer_id = %s",
        (customer_id,),
    )
    return Account(*rows[0])

"""Forgets, once an hour, what is kept for a time only: inbox rows and idempotency keys."""

from services.chassis import idempotency, inbox
from services.chassis.database import Database
from services.chassis.periodic import Periodic

EVERY_SECONDS = 3600.0


def housekeeping(database: Database, *, messaging: bool = False, keys: bool = False) -> Periodic:
    """A resource; the flags say which of the chassis' tables the service's database holds."""

    async def forget() -> None:
        async with database.transaction() as unit:
            if messaging:
                await inbox.forget(unit.connection)
            if keys:
                await idempotency.forget(unit.connection)

    return Periodic("housekeeping", EVERY_SECONDS, forget)

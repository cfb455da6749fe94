"""Forgets, once an hour, what is kept for a time only: inbox rows and idempotency keys."""

from services.chassis.http import idempotency
from services.chassis.messaging import inbox
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database

EVERY_SECONDS = 3600.0
# Rows for one statement: many hours' worth at once would not end within the statement's time, now or ever after.
CHUNK = 5000


def housekeeping(database: Database, *, messaging: bool = False, keys: bool = False) -> Periodic:
    """A resource; the flags say which of the chassis' tables the service's database holds."""
    statements = [inbox.FORGET] * messaging + [idempotency.FORGET] * keys

    async def forget() -> None:
        for statement in statements:
            while len(await database.fetch(statement, (CHUNK,))) == CHUNK:
                pass

    return Periodic("housekeeping", EVERY_SECONDS, forget)

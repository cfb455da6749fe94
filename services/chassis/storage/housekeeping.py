"""Forgets, once an hour, what is kept for a time only."""

from typing import LiteralString

from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database

EVERY_SECONDS = 3600.0
# Rows for one statement: many hours' worth at once would not end within the statement's time, now or ever after.
CHUNK = 5000


def forgetting(database: Database, statement: LiteralString) -> Periodic:
    """A resource. `statement` deletes at most so many rows as it is given, and returns a row for each."""

    async def forget() -> None:
        while len(await database.fetch(statement, (CHUNK,))) == CHUNK:
            pass

    return Periodic("housekeeping", EVERY_SECONDS, forget)

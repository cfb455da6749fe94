"""SQL of refresh tokens and their families. Nothing here commits."""

from datetime import datetime
from uuid import UUID

from services.chassis.storage.database import Connection
from services.customer.refresh import StoredToken


async def insert_family(connection: Connection, family_id: UUID, customer_id: UUID, expires_at: datetime) -> None:
    await connection.execute(
        "INSERT INTO refresh_family (id, customer_id, expires_at) VALUES (%s, %s, %s)",
        (family_id, customer_id, expires_at),
    )


async def insert_token(connection: Connection, digest: bytes, family_id: UUID, expires_at: datetime) -> None:
    """Also prolongs the family, which lives as long as its youngest token."""
    await connection.execute(
        "INSERT INTO refresh_token (digest, family_id, expires_at) VALUES (%s, %s, %s)", (digest, family_id, expires_at)
    )
    await connection.execute("UPDATE refresh_family SET expires_at = %s WHERE id = %s", (expires_at, family_id))


async def lock_family(connection: Connection, digest: bytes) -> tuple[UUID, UUID] | None:
    """(family, customer) of a token, locked, so that uses of one family come one after the other; None: unknown."""
    cursor = await connection.execute(
        "SELECT id, customer_id FROM refresh_family"
        " WHERE id = (SELECT family_id FROM refresh_token WHERE digest = %s) FOR UPDATE",
        (digest,),
    )
    return await cursor.fetchone()


async def stored_token(connection: Connection, digest: bytes) -> StoredToken:
    """A token whose family is locked. A statement of its own: one that waited for the lock would see the past."""
    cursor = await connection.execute(
        "SELECT t.expires_at, t.rotated_at, f.revoked_at IS NOT NULL"
        " FROM refresh_token t JOIN refresh_family f ON f.id = t.family_id WHERE t.digest = %s",
        (digest,),
    )
    row = await cursor.fetchone()
    assert row is not None, "the family is locked, and only goes as a whole"  # noqa: S101
    return StoredToken(*row)


async def mark_rotated(connection: Connection, digest: bytes, now: datetime) -> None:
    await connection.execute("UPDATE refresh_token SET rotated_at = %s WHERE digest = %s", (now, digest))


async def revoke_family(connection: Connection, family_id: UUID, now: datetime) -> None:
    await connection.execute("UPDATE refresh_family SET revoked_at = %s WHERE id = %s", (now, family_id))


async def sweep_families(connection: Connection, customer_id: UUID, now: datetime) -> None:
    """Deletes a customer's families of which no token can be used any more."""
    await connection.execute(
        "DELETE FROM refresh_family WHERE id IN (SELECT id FROM refresh_family"
        " WHERE customer_id = %s AND expires_at < %s FOR UPDATE SKIP LOCKED)",
        (customer_id, now),
    )

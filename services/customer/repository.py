"""SQL of customers and of what guards their passwords. Nothing here commits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.storage.database import Connection
from services.customer import emails

# How many expired guard rows each new one takes with it; more than one, so that they cannot pile up.
_SWEEP = 10


@dataclass(frozen=True, slots=True)
class Account:
    """A customer as stored; `password_hash` never leaves the service."""

    id: UUID
    email: str
    name: str
    password_hash: str
    roles: Sequence[str]


_ACCOUNT = "SELECT id, email, name, password_hash, roles FROM customer"


async def insert_account(connection: Connection, account: Account) -> bool:
    """False when the e-mail is taken."""
    cursor = await connection.execute(
        "INSERT INTO customer (id, email, email_key, name, password_hash, roles) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT ON CONSTRAINT customer_email_is_unique DO NOTHING",
        (
            account.id,
            account.email,
            emails.key(account.email),
            account.name,
            account.password_hash,
            list(account.roles),
        ),
    )
    return cursor.rowcount == 1


async def account_of_email(connection: Connection, email_key: str) -> Account | None:
    """By the key of an e-mail, see `emails.key`."""
    cursor = await connection.execute(f"{_ACCOUNT} WHERE email_key = %s", (email_key,))
    row = await cursor.fetchone()
    return Account(*row) if row else None


async def account(connection: Connection, customer_id: UUID) -> Account | None:
    cursor = await connection.execute(f"{_ACCOUNT} WHERE id = %s", (customer_id,))
    row = await cursor.fetchone()
    return Account(*row) if row else None


async def replace_hash(connection: Connection, customer_id: UUID, old: str, new: str) -> None:
    """A better hash of the same password; does nothing when the password was changed meanwhile."""
    await connection.execute(
        "UPDATE customer SET password_hash = %s WHERE id = %s AND password_hash = %s", (new, customer_id, old)
    )


async def clears_at(connection: Connection, email_key: str) -> datetime | None:
    """When the wrong passwords of an e-mail are forgiven; None when there were none."""
    cursor = await connection.execute(
        "SELECT clears_at FROM wrong_password WHERE email_digest = %s", (_digest(email_key),)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def lock_clears_at(connection: Connection, email_key: str, now: datetime) -> datetime:
    """As `clears_at`, with a row of its own from now on, locked until the transaction ends."""
    await connection.execute(
        "INSERT INTO wrong_password (email_digest, clears_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (_digest(email_key), now),
    )
    cursor = await connection.execute(
        "SELECT clears_at FROM wrong_password WHERE email_digest = %s FOR UPDATE", (_digest(email_key),)
    )
    row = await cursor.fetchone()
    return row[0] if row else now


async def set_clears_at(connection: Connection, email_key: str, moment: datetime, now: datetime) -> None:
    """Stores it, and sweeps a few rows of others whose time has passed."""
    await connection.execute(
        "UPDATE wrong_password SET clears_at = %s WHERE email_digest = %s", (moment, _digest(email_key))
    )
    await connection.execute(
        "DELETE FROM wrong_password WHERE email_digest IN (SELECT email_digest FROM wrong_password"
        " WHERE clears_at < %s ORDER BY clears_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        (now, _SWEEP),
    )


async def forgive(connection: Connection, email_key: str) -> None:
    await connection.execute("DELETE FROM wrong_password WHERE email_digest = %s", (_digest(email_key),))


def _digest(email_key: str) -> bytes:
    # People also type passwords into the e-mail field; what was tried is not kept in the clear.
    return hashlib.sha256(email_key.encode(errors="surrogatepass")).digest()

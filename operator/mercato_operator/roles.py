"""SQL that makes a login role and a database of one name, for one service alone, on whatever PostgreSQL.

Passwords reach the server only as verifiers (RFC 5803), so that no log of statements tells one.
"""

from typing import Any

import psycopg
from psycopg import sql


def verifier(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any], role: str, password: str
) -> sql.Literal:
    """What stands for the password in a statement."""
    made = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(made.decode())


def made(name: str) -> tuple[sql.Composed, ...]:
    """Make the database; the role is there."""
    named = sql.Identifier(name)
    return (
        # An administrator that is no superuser must be a member of whom it makes an owner.
        sql.SQL("GRANT {} TO CURRENT_USER").format(named),
        sql.SQL("CREATE DATABASE {} OWNER {}").format(named, named),
    )


def closed(name: str) -> sql.Composed:
    """Close the database to all others: by default everyone may connect, and make temporary tables."""
    return sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))

"""A login role and a database of the same name for each service that keeps data."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from cli.supervisor.spec import StartError

TIMEOUT = 10


async def create_databases(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Make what is missing of roles and databases, and set each role's password. Raises StartError."""
    try:
        connection = await psycopg.AsyncConnection.connect(superuser_url, autocommit=True, connect_timeout=TIMEOUT)
        async with connection:
            known = await _names(connection, "SELECT rolname FROM pg_roles")
            for role, password in passwords.items():
                verb = sql.SQL("ALTER" if role in known else "CREATE")
                await connection.execute(
                    sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password))
                )
            known = await _names(connection, "SELECT datname FROM pg_database")
            for name in passwords.keys() - known:
                # One role may not look into another's database: PUBLIC could connect by default.
                database = sql.Identifier(name)
                await connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, database))
                await connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))
    except psycopg.Error as error:
        line = str(error).partition("\n")[0]
        raise StartError(f"cannot create the databases: {line}") from error


async def _names(connection: psycopg.AsyncConnection, query: sql.SQL | str) -> set[str]:
    cursor = await connection.execute(query)
    return {str(row[0]) for row in await cursor.fetchall()}

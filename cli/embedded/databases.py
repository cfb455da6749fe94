"""A login role and a database of the same name for each service that keeps data: the operator's Job does the same."""

import asyncio
from collections.abc import Mapping

import psycopg

from cli.layout import with_operator
from cli.supervisor.spec import StartError

TIMEOUT = 10
"""Seconds to connect."""
LIMIT = "SET statement_timeout = '60s'"


async def create_databases(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Make what is missing of roles and databases, and set each role's password. Raises StartError."""
    await asyncio.to_thread(_create, superuser_url, passwords)


def _create(superuser_url: str, passwords: Mapping[str, str]) -> None:
    with_operator()
    from mercato_operator.jobs.databases import ensure  # noqa: PLC0415 - from here on it can be found

    try:
        with psycopg.connect(superuser_url, autocommit=True, connect_timeout=TIMEOUT) as connection:
            connection.execute(LIMIT)
            ensure(connection, passwords)
    except psycopg.Error as error:
        line = str(error).partition("\n")[0]
        raise StartError(f"cannot create the databases: {line}") from error

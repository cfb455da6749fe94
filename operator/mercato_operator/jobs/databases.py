"""A login role and a database of the same name for each service that keeps data.

`python -m mercato_operator.jobs.databases` connects as libpq's own variables say (PGHOST, PGUSER, PGPASSWORD,
PGSSLMODE …). It reads the roles' passwords from MERCATO_DATABASES_DIRECTORY: a file for each, named as the role.
"""

import sys
from collections.abc import Mapping

import psycopg
from psycopg import sql

from mercato_operator.jobs.retrying import retrying
from mercato_operator.jobs.variables import MissingVariableError, required
from mercato_operator.passwords import read_passwords
from mercato_operator.roles import closed, made, verifier

TIMEOUT = 10
"""Seconds to connect."""


def ensure(connection: psycopg.Connection, passwords: Mapping[str, str]) -> list[str]:
    """Makes what is missing of roles and databases, and sets each role's password; may be repeated.

    Answers the names of databases that were made. The connection must be in autocommit mode. Raises psycopg.Error.
    """
    roles = _names(connection, "SELECT rolname FROM pg_roles")
    for role, password in passwords.items():
        verb = sql.SQL("ALTER" if role in roles else "CREATE")
        secret = verifier(connection, role, password)
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), secret))
    missing = sorted(passwords.keys() - _names(connection, "SELECT datname FROM pg_database"))
    for statement in (statement for name in missing for statement in made(name)):
        connection.execute(statement)
    for name in passwords:
        connection.execute(closed(name))
    return missing


def _names(connection: psycopg.Connection, query: sql.SQL | str) -> set[str]:
    return {str(row[0]) for row in connection.execute(query).fetchall()}


def _connect() -> psycopg.Connection:
    return psycopg.connect(autocommit=True, connect_timeout=TIMEOUT)


def main() -> None:
    """Raises SystemExit with one line when it could not be done."""
    try:
        host = required("PGHOST")
        passwords = read_passwords(required("MERCATO_DATABASES_DIRECTORY"))
        with retrying(_connect, psycopg.OperationalError) as connection:
            new = ensure(connection, passwords)
    except psycopg.Error as error:
        line = str(error).partition("\n")[0]
        raise SystemExit(
            f"databases: {line}; check PGHOST ({host}), PGUSER and PGPASSWORD, and the role's rights"
        ) from None
    except (MissingVariableError, OSError, ValueError) as error:
        raise SystemExit(f"databases: {error}") from None
    sys.stdout.write(f"databases: made {', '.join(new)}\n" if new else "databases: all there\n")


if __name__ == "__main__":
    main()

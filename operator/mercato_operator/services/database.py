"""A login role and a database of one name on PostgreSQL, for one service alone.

What is made here is marked by a COMMENT; a role or database without the mark is never touched.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from mercato_operator.roles import closed, made, verifier
from mercato_operator.settings import CA_FOLDER, OperatorSettings

CONNECT_SECONDS: Final = 5
SECONDS: Final = 45.0
"""For all that is done at a time: to make a database takes a second, on a busy disk many."""
_LIMITS: Final = "-c statement_timeout=30000 -c lock_timeout=10000"
_LONGEST: Final = 63
"""Bytes of a name in PostgreSQL; a longer one would be cut off, and mean another's."""

_ROLE = """
SELECT shobj_description(oid, 'pg_authid') AS mark, concat_ws(' ',
       CASE WHEN NOT rolcanlogin THEN 'LOGIN' END, CASE WHEN rolsuper THEN 'NOSUPERUSER' END,
       CASE WHEN rolcreatedb THEN 'NOCREATEDB' END, CASE WHEN rolcreaterole THEN 'NOCREATEROLE' END,
       CASE WHEN rolreplication THEN 'NOREPLICATION' END, CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END) AS wrong
FROM pg_roles WHERE rolname = %s
"""
_DATABASE = """
SELECT shobj_description(d.oid, 'pg_database') AS mark, pg_get_userbyid(d.datdba) AS owner,
       EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a WHERE a.grantee = 0) AS open,
       d.datallowconn AS connectable, d.datconnlimit = -2 AS half_dropped
FROM pg_database AS d WHERE d.datname = %s
"""
_OPEN_TO_ROLE = """
SELECT datname FROM pg_database
WHERE datallowconn AND datname <> %(name)s AND has_database_privilege(%(name)s, oid, 'CONNECT') ORDER BY datname
"""


class DatabaseError(Exception):
    """`reason` is one word in CamelCase; the text is one line with the remedy, and no secret."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Databases:
    """Each call may be repeated, and does what is missing. Raises DatabaseError."""

    def __init__(self, settings: OperatorSettings) -> None:
        self._settings = settings
        # PostgreSQL refuses what changes the same catalogue row at the same time.
        self._turn = asyncio.Lock()
        self._away: tuple[float, DatabaseError] | None = None
        """Until when a server that did not answer is not asked again, so that nobody waits for it in vain."""

    async def ensure(self, name: str, mark: str, password: str) -> str:
        """Role and database `name`, marked with `mark`. Answers what else the role may connect to, if anything."""
        if len(name.encode()) > _LONGEST:
            raise DatabaseError(
                "NameTooLong", f"{name} has more than {_LONGEST} characters: give the service a shorter name"
            )
        async with self._administrator() as admin:
            await self._role(admin, name, mark, password)
            await self._database(admin, name, mark)
            others = await self._others(admin, name)
            if await self._refused(name, password):
                await admin.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), verifier(admin, name, password))
                )
                if why := await self._refused(name, password):
                    raise DatabaseError(
                        "SignInRefused",
                        f"PostgreSQL does not let role {name} in with the password it was given ({why}): "
                        "see pg_hba.conf",
                    )
        return others

    async def drop(self, name: str, mark: str) -> bool:
        """Database and role go, with all data, if they have the mark; answers whether there was anything."""
        async with self._administrator() as admin:
            role = await _one(admin, _ROLE, name)
            database = await _one(admin, _DATABASE, name)
            dropped = False
            if database is not None and (database["mark"] == mark or _unmarked(database, role, name, mark)):
                named = sql.Identifier(name)
                if not database["half_dropped"]:
                    await admin.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(named))
                await admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
                dropped = True
            if role is not None and role["mark"] == mark:
                await admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
                dropped = True
        return dropped

    async def _role(self, admin: psycopg.AsyncConnection, name: str, mark: str, password: str) -> None:
        role, found = sql.Identifier(name), await _one(admin, _ROLE, name)
        if found is None:
            async with admin.transaction():  # never a role without its mark
                statement = sql.SQL("CREATE ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}")
                await admin.execute(statement.format(role, verifier(admin, name, password)))
                await admin.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(mark)))
        elif found["mark"] != mark:
            raise DatabaseError("NotOurs", _not_ours("role", name, found["mark"]))
        elif found["wrong"]:  # no more than that: some attributes none but a superuser may even name
            await admin.execute(sql.SQL(f"ALTER ROLE {{}} {found['wrong']}").format(role))

    async def _database(self, admin: psycopg.AsyncConnection, name: str, mark: str) -> None:
        named, found = sql.Identifier(name), await _one(admin, _DATABASE, name)
        if found is not None and found["half_dropped"] and found["mark"] == mark:
            # Its drop was cut off, and PostgreSQL lets it do nothing but end.
            await admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
            found = None
        if found is None:
            for statement in made(name):
                await admin.execute(statement)
        elif found["mark"] != mark and not (found["mark"] is None and found["owner"] == name):
            raise DatabaseError("NotOurs", _not_ours("database", name, found["mark"]))
        if found is None or found["open"]:
            await admin.execute(closed(name))
        if found is not None and not found["connectable"]:
            await admin.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(named))
        if found is None or found["mark"] is None:
            await admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(named, sql.Literal(mark)))

    async def _others(self, admin: psycopg.AsyncConnection, name: str) -> str:
        """Databases that the role could connect to because everyone may."""

        async def found() -> list[str]:
            cursor = await admin.execute(_OPEN_TO_ROLE, {"name": name})
            return [str(row[0]) for row in await cursor.fetchall()]

        others = await found()
        if others and self._settings.postgres_exclusive:
            for each in others:
                await admin.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(each)))
            others = await found()
        return ", ".join(others)

    async def _refused(self, name: str, password: str) -> str | None:
        """Why the role cannot sign in, None if it can: libpq gives no code for it, and words in any language.

        The administrator is connected meanwhile: a server that is away is told by its next statement.
        """
        try:
            connection = await psycopg.AsyncConnection.connect(self._where(name, name, password))
        except psycopg.OperationalError as error:
            return " ".join(str(error).split())[-200:]
        await connection.close()
        return None

    @asynccontextmanager
    async def _administrator(self) -> AsyncIterator[psycopg.AsyncConnection]:
        settings = self._settings
        if not settings.postgres_admin_username:
            raise DatabaseError(
                "NoAdministrator",
                "the operator has no administrator of PostgreSQL: give the chart postgres.external.adminSecret",
            )
        where = f"{settings.postgres_host}:{settings.postgres_port}"
        try:
            async with self._turn, asyncio.timeout(SECONDS):
                if self._away is not None and asyncio.get_running_loop().time() < self._away[0]:
                    raise self._away[1]
                password = settings.postgres_admin_password.get_secret_value()
                address = self._where(settings.postgres_admin_database, settings.postgres_admin_username, password)
                connection = await psycopg.AsyncConnection.connect(address, autocommit=True, options=_LIMITS)
                async with connection:
                    yield connection
        except TimeoutError:
            raise self._left_alone(DatabaseError("Unreachable", f"PostgreSQL at {where} does not answer")) from None
        except psycopg.Error as error:
            raise self._left_alone(_failure(error, where, settings.postgres_admin_username)) from None

    def _left_alone(self, error: DatabaseError) -> DatabaseError:
        if error.reason == "Unreachable":
            self._away = (asyncio.get_running_loop().time() + CONNECT_SECONDS, error)
        return error

    def _where(self, database: str, user: str, password: str) -> str:
        settings = self._settings
        authority = {"sslrootcert": f"{CA_FOLDER}/postgres-ca/ca.crt"} if settings.postgres_ca_secret else {}
        return make_conninfo(
            host=settings.postgres_host,
            port=settings.postgres_port,
            sslmode=settings.postgres_ssl_mode,
            dbname=database,
            user=user,
            password=password,
            connect_timeout=CONNECT_SECONDS,
            application_name="mercato-operator",
            **authority,
        )


def mark_of(namespace: str, name: str) -> str:
    """The COMMENT on what belongs to a CommerceService; the same for one that is made again."""
    return f"mercato.dev CommerceService {namespace}/{name}"


async def _one(admin: psycopg.AsyncConnection, query: str, name: str) -> dict[str, object] | None:
    async with admin.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), (name,))
        return cast("dict[str, object] | None", await cursor.fetchone())


def _unmarked(database: dict[str, object], role: dict[str, object] | None, name: str, mark: str) -> bool:
    """Made by us, and not marked since a crash came between."""
    return database["mark"] is None and database["owner"] == name and role is not None and role["mark"] == mark


def _not_ours(what: str, name: str, mark: object) -> str:
    whose = f"it is marked {mark!r}" if mark else "it has no mark of the operator"
    return f"there is a {what} {name} already, and {whose}: drop or rename it, or give the service another name"


def _failure(error: psycopg.Error, where: str, user: str) -> DatabaseError:
    line = " ".join((error.diag.message_primary or str(error)).split())[:300]
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return DatabaseError("Refused", f"PostgreSQL refuses {user} ({line}): give it CREATEROLE and CREATEDB")
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return DatabaseError("Unreachable", f"PostgreSQL at {where} cannot be reached ({line}): see that it runs")
    return DatabaseError("Failed", f"PostgreSQL at {where} failed: {line}")

"""A service's role and database on a real PostgreSQL: made, proved, rotated, put right, dropped, and nobody else's."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from mercato_operator.services.database import DatabaseError, Databases, mark_of
from mercato_operator.settings import OperatorSettings
from psycopg import sql

NAME, OTHER = "op-loyalty", "op-other"
MARK = mark_of("shop", "loyalty")


def settings_of(url: str, **changes: object) -> OperatorSettings:
    parts = urlsplit(url)
    given = {
        "postgres_host": parts.hostname,
        "postgres_port": parts.port,
        "postgres_admin_username": parts.username,
        "postgres_admin_password": parts.password,
    }
    return OperatorSettings(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def server(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        before = open_to_everyone(connection)
        yield connection
        for name in (NAME, OTHER):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for name in (NAME, OTHER, "op-admin"):
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None:
                connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
        for name in before - open_to_everyone(connection):
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO PUBLIC").format(sql.Identifier(name)))


def open_to_everyone(connection: psycopg.Connection) -> set[str]:
    found = connection.execute("SELECT datname FROM pg_database WHERE has_database_privilege('public', oid, 'CONNECT')")
    return {str(row[0]) for row in found.fetchall()}


@pytest.fixture
def databases(postgres_url: str) -> Databases:
    return Databases(settings_of(postgres_url))


def sign_in(url: str, password: str, database: str = NAME, role: str = NAME) -> psycopg.Connection:
    parts = urlsplit(url)
    return psycopg.connect(
        host=parts.hostname, port=parts.port, user=role, password=password, dbname=database, autocommit=True
    )


def names(server: psycopg.Connection) -> tuple[bool, bool]:
    """Whether there are the role and the database."""
    role = server.execute("SELECT FROM pg_roles WHERE rolname = %s", (NAME,)).fetchone()
    database = server.execute("SELECT FROM pg_database WHERE datname = %s", (NAME,)).fetchone()
    return role is not None, database is not None


async def test_a_service_gets_a_database_that_is_its_own_and_repeats_change_nothing(
    server: psycopg.Connection, databases: Databases, postgres_url: str
) -> None:
    await databases.ensure(NAME, MARK, "first")
    with sign_in(postgres_url, "first") as own:
        own.execute("CREATE TABLE points (id int)")
    await databases.ensure(NAME, MARK, "first")
    with sign_in(postgres_url, "first") as own:
        own.execute("SELECT FROM points")


@pytest.mark.usefixtures("server")
async def test_the_role_may_make_no_role_and_no_database(databases: Databases, postgres_url: str) -> None:
    await databases.ensure(NAME, MARK, "first")
    with sign_in(postgres_url, "first") as own:
        for forbidden in ("CREATE ROLE more", "CREATE DATABASE more"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.execute(forbidden)


async def test_on_a_server_of_the_platforms_own_the_role_reaches_no_other_database(
    server: psycopg.Connection, postgres_url: str
) -> None:
    databases = Databases(settings_of(postgres_url, postgres_exclusive=True))
    assert await databases.ensure(NAME, MARK, "first") == ""
    await databases.ensure(OTHER, mark_of("shop", "other"), "second")
    reached = [str(row[0]) for row in server.execute("SELECT datname FROM pg_database WHERE datallowconn").fetchall()]
    for database in reached:
        if database != NAME:
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                sign_in(postgres_url, "first", database)


@pytest.mark.usefixtures("server")
async def test_on_a_shared_server_what_everyone_may_reach_is_told_and_left(
    databases: Databases, postgres_url: str
) -> None:
    assert "postgres" in await databases.ensure(NAME, MARK, "first")
    sign_in(postgres_url, "first", "postgres").close()


async def test_a_new_password_is_set_and_open_connections_stay(
    server: psycopg.Connection, databases: Databases, postgres_url: str
) -> None:
    await databases.ensure(NAME, MARK, "first")
    with sign_in(postgres_url, "first") as old:
        await databases.ensure(NAME, MARK, "second")
        old.execute("SELECT 1")
    sign_in(postgres_url, "second").close()
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        sign_in(postgres_url, "first")


async def test_what_somebody_changed_is_put_right(
    server: psycopg.Connection, databases: Databases, postgres_url: str
) -> None:
    await databases.ensure(NAME, MARK, "first")
    role = sql.Identifier(NAME)
    server.execute(sql.SQL("ALTER ROLE {} CREATEDB CREATEROLE PASSWORD 'theirs'").format(role))
    server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO PUBLIC").format(role))
    server.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(role))
    await databases.ensure(NAME, MARK, "first")
    sign_in(postgres_url, "first").close()
    rights = server.execute("SELECT rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s", (NAME,)).fetchone()
    assert rights == (False, False)
    assert NAME not in open_to_everyone(server)


async def test_nothing_that_was_not_made_here_is_touched(
    server: psycopg.Connection, databases: Databases, postgres_url: str
) -> None:
    server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'theirs'").format(sql.Identifier(NAME)))
    with pytest.raises(DatabaseError, match="it has no mark") as refused:
        await databases.ensure(NAME, MARK, "mine")
    assert refused.value.reason == "NotOurs"
    assert not await databases.drop(NAME, MARK)
    assert names(server) == (True, False)
    sign_in(postgres_url, "theirs", "postgres").close()


async def test_what_another_service_has_is_not_touched(server: psycopg.Connection, databases: Databases) -> None:
    await databases.ensure(NAME, MARK, "first")
    with pytest.raises(DatabaseError, match="shop/loyalty"):
        await databases.ensure(NAME, mark_of("team", "loyalty"), "second")
    assert not await databases.drop(NAME, mark_of("team", "loyalty"))
    assert names(server) == (True, True)


async def test_a_database_of_somebody_else_is_not_taken(server: psycopg.Connection, databases: Databases) -> None:
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    with pytest.raises(DatabaseError, match="there is a database op-loyalty already"):
        await databases.ensure(NAME, MARK, "first")


async def test_dropping_takes_all_with_it_though_somebody_is_connected(
    server: psycopg.Connection, databases: Databases, postgres_url: str
) -> None:
    await databases.ensure(NAME, MARK, "first")
    with sign_in(postgres_url, "first"):
        assert await databases.drop(NAME, MARK)
    assert names(server) == (False, False)
    assert not await databases.drop(NAME, MARK)


async def half_dropped(server: psycopg.Connection, databases: Databases) -> None:
    """As PostgreSQL leaves a database whose DROP was cut off: it can do nothing but be dropped."""
    await databases.ensure(NAME, MARK, "first")
    server.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", (NAME,))


async def test_a_drop_that_was_cut_off_is_finished(server: psycopg.Connection, databases: Databases) -> None:
    await half_dropped(server, databases)
    assert await databases.drop(NAME, MARK)
    assert names(server) == (False, False)


async def test_a_database_whose_drop_was_cut_off_is_made_anew_when_it_is_wanted_again(
    server: psycopg.Connection, databases: Databases, postgres_url: str
) -> None:
    await half_dropped(server, databases)
    await databases.ensure(NAME, MARK, "first")
    sign_in(postgres_url, "first").close()


@pytest.mark.parametrize("statements", [1, 2, 3, 4, 5])
async def test_cut_off_after_any_statement_the_next_time_finishes(
    server: psycopg.Connection,
    databases: Databases,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    statements: int,
) -> None:
    class CutOff(Exception):
        pass

    left, execute = statements, psycopg.AsyncConnection.execute

    async def counted(self: object, *arguments: object, **options: object) -> object:
        nonlocal left
        if left == 0:
            raise CutOff
        left -= 1
        return await execute(self, *arguments, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncConnection, "execute", counted)
        with pytest.raises(CutOff):
            await databases.ensure(NAME, MARK, "first")
    await databases.ensure(NAME, MARK, "first")
    sign_in(postgres_url, "first").close()
    assert await databases.drop(NAME, MARK)
    assert names(server) == (False, False)


async def test_several_at_once_do_not_disturb_each_other(server: psycopg.Connection, postgres_url: str) -> None:
    databases = Databases(settings_of(postgres_url, postgres_exclusive=True))
    await asyncio.gather(
        databases.ensure(NAME, MARK, "first"), databases.ensure(OTHER, mark_of("shop", "other"), "second")
    )
    sign_in(postgres_url, "second", OTHER, OTHER).close()


async def test_an_administrator_that_is_no_superuser_is_enough(server: psycopg.Connection, postgres_url: str) -> None:
    server.execute("CREATE ROLE \"op-admin\" LOGIN CREATEDB CREATEROLE PASSWORD 'admin'")
    settings = settings_of(postgres_url, postgres_admin_username="op-admin", postgres_admin_password="admin")
    databases = Databases(settings)
    await databases.ensure(NAME, MARK, "first")
    sign_in(postgres_url, "first").close()
    await databases.ensure(NAME, MARK, "second")
    sign_in(postgres_url, "second").close()
    assert await databases.drop(NAME, MARK)
    assert names(server) == (False, False)


async def test_no_statement_that_the_server_logs_tells_the_password(
    server: psycopg.Connection, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    execute = psycopg.AsyncConnection.execute

    async def heard(self: psycopg.AsyncConnection, query: object, *arguments: object, **options: object) -> object:
        sent.append(query.as_string(self) if isinstance(query, sql.Composable) else str(query))
        return await execute(self, query, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", heard)
    await databases.ensure(NAME, MARK, "open-sesame-1")
    await databases.ensure(NAME, MARK, "open-sesame-2")
    assert any("PASSWORD" in each for each in sent)
    assert not any("open-sesame" in each for each in sent)


@pytest.mark.parametrize(
    ("changes", "reason", "told"),
    [
        ({"postgres_port": 9}, "Unreachable", "see that it runs"),
        ({"postgres_admin_username": ""}, "NoAdministrator", "adminSecret"),
        ({"postgres_admin_password": "wrong"}, "Unreachable", "authentication failed"),
    ],
)
async def test_what_is_wrong_is_one_line_with_a_remedy(
    postgres_url: str, changes: dict[str, object], reason: str, told: str
) -> None:
    databases = Databases(settings_of(postgres_url, **changes))
    with pytest.raises(DatabaseError, match=told) as failed:
        await databases.ensure(NAME, MARK, "first")
    assert failed.value.reason == reason
    assert "\n" not in str(failed.value)


async def test_a_server_that_is_away_is_not_asked_by_everyone(postgres_url: str) -> None:
    databases = Databases(settings_of(postgres_url, postgres_port=9))
    loop = asyncio.get_running_loop()
    with pytest.raises(DatabaseError):
        await databases.ensure(NAME, MARK, "first")
    started = loop.time()
    for _ in range(50):
        with pytest.raises(DatabaseError):
            await databases.ensure(NAME, MARK, "first")
    assert loop.time() - started < 1


async def test_a_name_that_postgresql_would_cut_off_is_refused(databases: Databases) -> None:
    with pytest.raises(DatabaseError, match="shorter name"):
        await databases.ensure("x" * 64, MARK, "first")

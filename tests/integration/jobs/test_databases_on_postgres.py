"""Roles and databases made on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from mercato_operator.jobs import databases
from psycopg import sql

ROLES = {"job_one": "first", "job_two": "second"}


@pytest.fixture
def server(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection
        for name in ROLES:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def as_role(url: str, role: str, password: str, database: str) -> None:
    parts = urlsplit(url)
    psycopg.connect(f"postgresql://{role}:{password}@{parts.hostname}:{parts.port}/{database}").close()


def test_each_service_gets_a_database_and_repeats_change_nothing(server: psycopg.Connection, postgres_url: str) -> None:
    assert databases.ensure(server, ROLES) == ["job_one", "job_two"]
    as_role(postgres_url, "job_one", "first", "job_one")
    assert databases.ensure(server, ROLES) == []
    as_role(postgres_url, "job_one", "first", "job_one")


def test_a_service_cannot_look_into_anothers_database(server: psycopg.Connection, postgres_url: str) -> None:
    databases.ensure(server, ROLES)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        as_role(postgres_url, "job_one", "first", "job_two")


def test_a_password_that_changed_is_set(server: psycopg.Connection, postgres_url: str) -> None:
    databases.ensure(server, ROLES)
    databases.ensure(server, {**ROLES, "job_one": "new"})
    as_role(postgres_url, "job_one", "new", "job_one")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        as_role(postgres_url, "job_one", "first", "job_one")


def test_no_statement_tells_a_password(server: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    execute = server.execute

    def listened(query: Any, *parameters: Any) -> Any:
        told.append(query.as_string(server) if isinstance(query, sql.Composable) else str(query))
        return execute(query, *parameters)

    monkeypatch.setattr(server, "execute", listened)
    given = {"job_one": "geheim's Wort", "job_two": "mot secret"}
    for _ in range(2):
        databases.ensure(server, given)
    assert len([statement for statement in told if "PASSWORD" in statement]) == 4
    assert not [statement for statement in told if "geheim" in statement or "mot secret" in statement]


def test_the_job_reads_libpqs_variables_and_a_mounted_secret(
    server: psycopg.Connection,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = urlsplit(postgres_url)
    variables = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port),
        "PGUSER": parts.username,
        "PGDATABASE": "postgres",
    }
    for name, value in {
        **variables,
        "PGPASSWORD": parts.password,
        "MERCATO_DATABASES_DIRECTORY": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, str(value))
    (tmp_path / "job_one").write_text("first")
    databases.main()
    assert capsys.readouterr().out == "databases: made job_one\n"
    as_role(postgres_url, "job_one", "first", "job_one")


def test_a_server_that_refuses_is_one_line(postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parts = urlsplit(postgres_url)
    (tmp_path / "job_one").write_text("first")
    given = {
        "PGHOST": parts.hostname,
        "PGPORT": parts.port,
        "PGUSER": "nobody",
        "PGPASSWORD": "x",
        "PGDATABASE": "postgres",
    }
    for name, value in {**given, "MERCATO_DATABASES_DIRECTORY": tmp_path}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("mercato_operator.jobs.databases.retrying", lambda action, _passing: action())
    with pytest.raises(SystemExit, match=r"databases: .*check PGHOST \(127\.0\.0\.1\), PGUSER and PGPASSWORD"):
        databases.main()

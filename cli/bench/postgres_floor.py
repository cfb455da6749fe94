"""What PostgreSQL does at most on this machine: durable transactions of two inserts, by its own pgbench.

pgbench uses the same cores, so this is a floor of what PostgreSQL can do, not a ceiling.
"""

import os
import re
import secrets
import subprocess
import tempfile
from urllib.parse import unquote, urlsplit

import psycopg

from cli.embedded.postgres import program
from cli.platform.errors import PlatformError

SECONDS = 5
CLIENTS = 32
THREADS = 2

_SCRIPT = """
BEGIN;
INSERT INTO first (payload) VALUES ('0123456789012345678901234567890123456789');
INSERT INTO second (payload) VALUES ('0123456789012345678901234567890123456789');
COMMIT;
"""


def transactions_per_second(superuser_url: str) -> float:
    """Durable two-insert transactions a second, prepared, by 32 clients, in a database that is dropped after."""
    name = f"mercato_bench_{secrets.token_hex(4)}"
    try:
        with psycopg.connect(superuser_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            try:
                return _pgbench(superuser_url, name)
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    except psycopg.Error as error:
        raise PlatformError(f"PostgreSQL could not be measured: {str(error).partition(chr(10))[0]}") from error


def _pgbench(superuser_url: str, database: str) -> float:
    parts = urlsplit(superuser_url)
    environment = {
        **os.environ,
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or "postgres"),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": database,
    }
    with psycopg.connect(superuser_url, dbname=database, autocommit=True, connect_timeout=5) as connection:
        for table in (b"first", b"second"):
            connection.execute(b"CREATE TABLE " + table + b" (id bigserial PRIMARY KEY, payload text NOT NULL)")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_SCRIPT)
        script.flush()
        command = [str(program("pgbench")), "--no-vacuum", f"--time={SECONDS}"]
        command += [f"--client={CLIENTS}", f"--jobs={THREADS}", "--protocol=prepared", f"--file={script.name}"]
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS * 10,
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        raise PlatformError(f"pgbench failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return float(found[1])

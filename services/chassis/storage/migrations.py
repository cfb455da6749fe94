"""Schema migrations: plain SQL files, applied in order under a lock that dies with its holder."""

import logging
from collections.abc import Sequence
from pathlib import Path

import psycopg
import yoyo

from services.chassis.retry import Backoff, attempt

log = logging.getLogger(__name__)

# A database that starts at the same time is waited for.
DATABASE_SECONDS = 60.0
_LOCK = 0x6D65726361746F  # "mercato"


def migrate(database_url: str, folders: Sequence[Path]) -> list[str]:
    """Applies what is missing and returns its names. Several processes may call it at once: one works, the others wait.

    yoyo's own lock is a row that would outlive a killed process, so an advisory lock of the session guards it.
    """
    logging.getLogger("yoyo").setLevel("WARNING")
    with _connect(database_url) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        backend = yoyo.get_backend(url)
        try:
            missing = backend.to_apply(yoyo.read_migrations(*(str(folder) for folder in folders)))
            backend.ensure_internal_schema_updated()
            for migration in missing:
                # yoyo itself notes a migration in a second transaction, with the name of the system's user: killed in
                # between, or run by a user without a name, it would meet its own tables at the next start, for ever.
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration, log=False)
            return [migration.id for migration in missing]
        finally:
            backend.connection.close()


def _connect(database_url: str) -> psycopg.Connection:
    def connect() -> psycopg.Connection:
        return psycopg.connect(database_url, autocommit=True, connect_timeout=10)

    try:
        return attempt(connect, psycopg.OperationalError, DATABASE_SECONDS, Backoff(first=0.2, limit=1.0))
    except psycopg.OperationalError as error:
        reason = str(error).strip().rpartition("\n")[2]
        raise SystemExit(f"the database cannot be used ({reason}): check MERCATO_DATABASE_URL") from None

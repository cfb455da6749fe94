"""Schema migrations: plain SQL files, applied in order under a lock that dies with its holder."""

import logging
from collections.abc import Sequence
from pathlib import Path

import psycopg
import yoyo

log = logging.getLogger(__name__)

_LOCK = 0x6D65726361746F  # "mercato"


def migrate(database_url: str, folders: Sequence[Path]) -> list[str]:
    """Applies what is missing and returns its names. Several processes may call it at once: one works, the others wait.

    yoyo's own lock is a row that would outlive a killed process, so an advisory lock of the session guards it.
    """
    logging.getLogger("yoyo").setLevel("WARNING")
    with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        backend = yoyo.get_backend(url)
        try:
            backend.break_lock()
            missing = backend.to_apply(yoyo.read_migrations(*(str(folder) for folder in folders)))
            with backend.lock():
                backend.apply_migrations(missing)
            return [migration.id for migration in missing]
        finally:
            backend.connection.close()

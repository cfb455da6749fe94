"""Migrations apply once, whoever starts them, and again after their process was killed."""

import getpass
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from services.chassis.storage import migrations
from services.chassis.storage.migrations import migrate
from tests.conftest import NewDatabase

SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001.test-table.sql").write_text("CREATE TABLE made (n int); SELECT pg_sleep(0.3);")
    (tmp_path / "0002.test-row.sql").write_text("-- depends: 0001.test-table\nINSERT INTO made VALUES (1);")
    return tmp_path


def rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        return len(connection.execute("SELECT n FROM made").fetchall())


def test_simultaneous_migrations_apply_everything_once(new_database: NewDatabase, folder: Path) -> None:
    url = new_database()
    with ThreadPoolExecutor(4) as pool:
        applied = [done.result() for done in [pool.submit(migrate, url, [folder]) for _ in range(4)]]
    assert sorted(name for names in applied for name in names) == ["0001.test-table", "0002.test-row"]
    assert rows(url) == 1


def test_nothing_is_left_to_do_the_second_time(new_database: NewDatabase, folder: Path) -> None:
    url = new_database()
    assert len(migrate(url, [folder])) == 2
    assert migrate(url, [folder]) == []


def test_a_killed_migration_can_be_repeated(new_database: NewDatabase, folder: Path) -> None:
    url = new_database()
    (folder / "0003.test-slow.sql").write_text("-- depends: 0002.test-row\nSELECT pg_sleep(600);")
    code = (
        "import sys, pathlib; from services.chassis.storage.migrations import migrate;"
        " migrate(sys.argv[1], [pathlib.Path(sys.argv[2])])"
    )
    command = [sys.executable, "-c", code, url, str(folder)]
    with (
        psycopg.connect(url, autocommit=True) as connection,
        subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}) as process,
    ):
        deadline = time.monotonic() + 30
        while not connection.execute(SLEEPING).fetchall():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    (folder / "0003.test-slow.sql").write_text("-- depends: 0002.test-row\nINSERT INTO made VALUES (2);")
    assert migrate(url, [folder]) == ["0003.test-slow"]
    assert rows(url) == 2


def test_a_migration_is_noted_in_its_own_transaction(new_database: NewDatabase, folder: Path) -> None:
    """Otherwise a process that ends in between finds its own tables at the next start, and never starts again."""
    url = new_database()
    assert migrate(url, [folder]) == ["0001.test-table", "0002.test-row"]
    with psycopg.connect(url) as connection:
        noted = "SELECT xmin FROM _yoyo_migration WHERE migration_id = '0002.test-row'"
        assert connection.execute(noted).fetchone() == connection.execute("SELECT xmin FROM made").fetchone()


def test_a_user_without_a_name_can_migrate(
    new_database: NewDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an image that has no line for its user."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 65532")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert migrate(new_database(), [folder]) == ["0001.test-table", "0002.test-row"]


def test_a_failed_migration_leaves_nothing_and_can_be_repeated(new_database: NewDatabase, folder: Path) -> None:
    url = new_database()
    (folder / "0003.test-broken.sql").write_text("-- depends: 0002.test-row\nINSERT INTO made VALUES (2); SELECT 1/0;")
    with pytest.raises(psycopg.Error):
        migrate(url, [folder])
    assert rows(url) == 1
    (folder / "0003.test-broken.sql").write_text("-- depends: 0002.test-row\nINSERT INTO made VALUES (2);")
    assert migrate(url, [folder]) == ["0003.test-broken"]
    assert rows(url) == 2


def test_a_database_that_cannot_be_reached_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(migrations, "DATABASE_SECONDS", 0.0)
    with pytest.raises(SystemExit, match="check MERCATO_DATABASE_URL"):
        migrate("postgresql://nobody:secret@127.0.0.1:1/none", [tmp_path])

"""The mailbox: one SQLite file.

A file for each message takes ten times as much processor time to make, and an index of them takes memory without end. A
message's id is a UUIDv7: ids sort by arrival, and hold its time.
"""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.chassis.runtime.ids import new_id
from tryout.mailcatcher import files

FILE = "mails.sqlite"
# All are within the first lines of each message: one is written by us, the others follow it.
_HEAD_BYTES = 4096
_RECIPIENTS = re.compile(rb"^X-Envelope-To: (.*?)\r\n", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID: *([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)
_ORDER = re.compile(rb"^X-Mercato-Order: *([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)

# The content is last, since SQLite reads a row only as far as it must.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id TEXT PRIMARY KEY, recipients TEXT NOT NULL, about TEXT, message_id TEXT, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_about ON mail (about, id) WHERE about IS NOT NULL;
CREATE TABLE IF NOT EXISTS recipient (address TEXT, mail TEXT, PRIMARY KEY (address, mail)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What messages are found by; `order` is None for mail that is not about an order.

    `id` is ours, `message_id` the mail's own, which a mail that was sent twice has twice; None where it has none.
    """

    id: str
    recipients: tuple[str, ...]
    order: str | None
    message_id: str | None


class Mailbox:
    """Messages in `directory`, once opened. Raises sqlite3.Error from each of its methods when the disk fails."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self) -> None:
        """Makes the directory, or takes in what an earlier run left in it. May raise OSError."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._writing, self._reading = (_connected(self._directory / FILE) for _ in range(2))
        self._writing.executescript(_SCHEMA)
        files.take_in(self._directory, self._keep)

    def close(self) -> None:
        self._reading.close()
        self._writing.close()

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Keeps a message and answers its id.

        It outlives this process from here on. It is not forced to the disk: that would cost more than all else that is
        done for a message, to protect the last try-out mails from a power cut.
        """
        message_id = str(new_id())
        envelope = f"Return-Path: <{sender}>\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        self._keep(message_id, envelope.encode(errors="replace") + content)
        return message_id

    def find(self, to: str | None, order: str | None, before: str | None, limit: int) -> list[Entry]:
        """The newest `limit` messages older than `before`, to a recipient and about an order where these are given."""
        wanted = {
            "id IN (SELECT mail FROM recipient WHERE address = ?)": to and to.lower(),
            "about = ?": order and order.lower(),
            "id < ?": before,
        }
        given = {clause: value for clause, value in wanted.items() if value is not None}
        rows = self._reading.execute(
            f"SELECT id, recipients, about, message_id FROM mail WHERE {' AND '.join(given) or 'true'}"  # noqa: S608
            " ORDER BY id DESC LIMIT ?",
            (*given.values(), limit),
        )
        return [Entry(mail, _split(recipients), about, own) for mail, recipients, about, own in rows.fetchall()]

    def read(self, message_id: str) -> bytes | None:
        """The message as it came, under the two lines of its envelope; None when there is none of this id."""
        row = self._reading.execute("SELECT content FROM mail WHERE id = ?", (message_id,)).fetchone()
        return row and bytes(row[0])

    def _keep(self, message_id: str, whole: bytes) -> None:
        entry = entry_of(message_id, whole)
        with self._writing:
            self._writing.execute("BEGIN")
            self._writing.execute(
                "INSERT OR IGNORE INTO mail VALUES (?, ?, ?, ?, ?)",
                (entry.id, ", ".join(entry.recipients), entry.order, entry.message_id, whole),
            )
            self._writing.executemany(
                "INSERT OR IGNORE INTO recipient VALUES (?, ?)", [(one.lower(), entry.id) for one in entry.recipients]
            )


def entry_of(message_id: str, whole: bytes) -> Entry:
    """The entry of a kept message."""
    head = whole[:_HEAD_BYTES].partition(b"\r\n\r\n")[0] + b"\r\n"
    recipients, order, own = _RECIPIENTS.search(head), _ORDER.search(head), _MESSAGE_ID.search(head)
    return Entry(
        message_id,
        _split(recipients[1].decode(errors="replace")) if recipients else (),
        order[1].decode(errors="replace").strip().lower() if order else None,
        own[1].decode(errors="replace").strip() if own else None,
    )


def _split(recipients: str) -> tuple[str, ...]:
    return tuple(recipients.split(", ")) if recipients else ()


def _connected(file: Path) -> sqlite3.Connection:
    # SQLite itself lets several threads use a connection in turn.
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    # Readers do not wait for the writer, and the disk is waited for once in many hundred messages.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    return connection

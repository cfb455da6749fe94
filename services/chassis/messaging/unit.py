"""What one batch of messages, or one command, reads, writes and publishes: all of it commits, or nothing.

A unit first works as if nobody else were there: what it reads is not locked, and its one statement at the end says of
each row which revision of it was read. Where that does not hold any more the database refuses the whole with Conflict,
and the unit is worked anew, now *locking* what it reads. So a race costs a repetition, and no race costs nothing: two
ways to the database instead of seven. A row's revision is its `xmin`, the transaction that wrote it last.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import orjson
from psycopg.errors import SerializationFailure, UniqueViolation

from services.chassis.messaging.messages import Message
from services.chassis.messaging.outbox import Outbox
from services.chassis.messaging.statement import statement
from services.chassis.storage.session import Row, Session

log = logging.getLogger(__name__)


class Stale(Exception):
    """A remembered row would have been decided on without proof that it is still so (`recent.py`)."""


Conflict = (SerializationFailure, UniqueViolation, Stale)
"""Somebody else was quicker, or may have been."""


class Unit:
    """One unit of work. `revision`, once committed, is what all rows it wrote have as theirs."""

    def __init__(self, session: Session, *, locking: bool) -> None:
        self.locking = locking
        self.messages: list[Message] = []
        self.revision = ""
        self._session = session
        self._changes: list[tuple[str, bytes, int | None]] = []
        self._callbacks: list[Callable[[], None]] = []
        self._hand_on: Callable[[], None] | None = None

    def read(self, query: str, *parameters: Any, lock: str = "") -> list[Row]:
        """Rows of a SELECT; `lock` (`FOR UPDATE`, say) is added to it when the unit locks."""
        return self._session.query(f"{query} {lock}" if self.locking else query, parameters)

    def write(self, change: str, rows: Sequence[Any], *, expected: int | None = None) -> None:
        """An INSERT, UPDATE or DELETE to be made at the end: `change` takes `rows` as JSON for its one `%s`.

        `expected`: how many rows it must find, or the unit conflicts. Without rows nothing is done. What changes rows
        that exist needs it where the unit publishes: only what is counted is sure to wait for another's lock before
        the messages get their ids, and ids are the order in which a key's messages leave.
        """
        if rows:
            self._changes.append((change, orjson.dumps(rows), expected))

    def publish(self, *messages: Message) -> None:
        """Messages to Kafka, by way of the outbox."""
        self.messages.extend(messages)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Runs in the unit's thread, and only once it is committed: a hint for speed, lost with the process."""
        self._callbacks.append(callback)

    def commit(self, outbox: Outbox, sign_in: Iterable[str] = ()) -> None:
        """Writes everything, and hands the messages on. `sign_in`: ids of messages for the inbox."""
        ids = sorted(sign_in)
        if not (ids or self._changes or self.messages):
            return
        sql = statement(
            tuple((change, expected is not None) for change, _, expected in self._changes),
            sign_in=bool(ids),
            publish=bool(self.messages),
        )
        values = [rows for _, rows, _ in self._changes]
        values += [b"%d" % expected for _, _, expected in self._changes if expected is not None]
        if ids:
            values.append(orjson.dumps(ids))
        records = outbox.records(self.messages)
        if records:
            values.append(orjson.dumps(records))
        revision, numbers, older = self._session.write(sql, values)
        self.revision = str(int(revision or 0) % 2**32)
        if records:
            self._hand_on = partial(
                outbox.hand_on, records, orjson.loads(numbers or b"[]"), orjson.loads(older or b"[]")
            )

    def committed(self) -> None:
        """What is to happen now that it holds: others wait for the messages. No failure of it makes that undone."""
        for callback in (self._hand_on, *self._callbacks):
            try:
                if callback:
                    callback()
            except Exception as error:
                log.error("what follows a commit failed: %s", type(error).__name__)


@contextmanager
def unit_of(session: Session, outbox: Outbox, *, locking: bool, sign_in: Iterable[str] = ()) -> Iterator[Unit]:
    """A unit that commits at the end of the block, with these messages in the inbox. Raises Conflict."""
    unit = Unit(session, locking=locking)
    with session.transaction() if locking else nullcontext():
        yield unit
        unit.commit(outbox, sign_in)
    unit.committed()

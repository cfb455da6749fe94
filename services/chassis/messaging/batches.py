"""What happens to a batch of raw messages: parse, handle, commit; split, retry or dead-letter on failure.

transient failure (database away, deadlock)   the whole batch again, with backoff, for as long as it takes; one that
                                              takes too long for a statement is split
one message cannot be read (InvalidMessage)   dead letters at once, with the reason
any other failure                             split until one message is left; a few tries; then the retry topic
                                              where the handler allows another order, else the dead letters
too large a share of late went there          CannotHandle: nothing more is set aside (`breaker.py`)

A batch is first handled as if none of its messages had been seen and nobody else changed what it reads. Where that
turns out wrong, it is handled anew: seen messages are sorted out, and what is read is locked.
"""

import itertools
import logging
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from confluent_kafka import Message as Raw
from psycopg import OperationalError
from psycopg.errors import QueryCanceled, SerializationFailure

from services.chassis.messaging import inbox
from services.chassis.messaging.breaker import Breaker, CannotHandle
from services.chassis.messaging.following import Followed, follow
from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.outbox import INSERT_RAW, Outbox, raw_columns
from services.chassis.messaging.retries import (
    Retry,
    dead_letter,
    delay_left,
    retry_letter,
    text_headers,
    tried_before,
    type_of,
)
from services.chassis.messaging.unit import Conflict, Unit, unit_of
from services.chassis.observability import metrics
from services.chassis.retry import Backoff
from services.chassis.storage.session import Session

log = logging.getLogger(__name__)

Handle = Callable[[Unit, list[Message]], None]
"""Reads, decides and writes for a batch, in the consumer's thread."""
Wait = Callable[[float], None]
"""Lets seconds go by without losing the place in the group; raises what ends the batch when the service stops."""

ATTEMPTS = 4
_PROGRAM_LIMIT_EXCEEDED = "54"


class _Tripped(Exception):
    def __init__(self, reason: str, at: Raw) -> None:
        super().__init__(reason)
        self.at = at


class Batches:
    """Handles the batches of one consumer group. `retry`: only for handlers whose order does not matter.

    `most_set_aside`: see `Breaker`. `silent`: types of message that mean nothing here. They are let pass unread, and
    leave no trace in the inbox.
    """

    def __init__(
        self,
        session: Session,
        outbox: Outbox,
        group: str,
        handle: Handle,
        retry: Retry | None = None,
        *,
        most_set_aside: Callable[[], int] = lambda: 0,
        silent: Collection[str] = (),
    ) -> None:
        self.group = group
        self.session = session
        self._outbox = outbox
        self._handle = handle
        self._retry = retry
        self._breaker = Breaker(most_set_aside)
        self._silent = frozenset(name.encode() for name in silent)

    def handle(self, batch: Sequence[Raw], wait: Wait) -> None:
        """Returns once each message took effect, or is in the retry topic or the dead letters. Raises CannotHandle."""
        heeded = [raw for raw in batch if type_of(raw) not in self._silent] if self._silent else list(batch)
        if not heeded:
            return
        if self._retry:
            seconds = max(delay_left(raw, self._retry) for raw in heeded)
            if seconds > 0:
                wait(seconds)
        try:
            self._split(heeded, wait)
        except _Tripped as error:
            at = error.at
            # Those before it are dealt with: a batch is split in its order.
            raise CannotHandle(str(error), list(itertools.takewhile(lambda raw: raw is not at, batch))) from None

    def _split(self, batch: list[Raw], wait: Wait) -> None:
        pauses, failures = iter(Backoff()), 0
        for attempt in itertools.count(1):
            try:
                self._in_one_unit(batch)
                return
            except Exception as error:
                transient = _transient(error)
                self._note(batch, error, attempt)
                canceled = isinstance(error, QueryCanceled)
                if canceled:
                    wait(0)  # where the service stops, that was why: it is not begun again
                if len(batch) > 1 and (canceled or not transient):
                    middle = len(batch) // 2
                    self._split(batch[:middle], wait)
                    self._split(batch[middle:], wait)
                    return
                failures += not transient
                if isinstance(error, InvalidMessage) or failures >= ATTEMPTS:
                    self._set_aside(batch[0], error, wait)
                    return
                wait(next(pauses))

    def _in_one_unit(self, batch: list[Raw]) -> None:
        topic = str(batch[0].topic())
        messages = [_parse(raw) for raw in batch]
        started = time.monotonic()
        with follow(self.group, messages) as followed:
            fresh = self._commit(followed)
        metrics.BATCH_SECONDS.labels(topic).observe(time.monotonic() - started)
        metrics.BATCH_SIZE.labels(topic).observe(len(batch))
        metrics.MESSAGES_DUPLICATE.labels(topic).inc(len(messages) - len(fresh))
        for message in fresh:
            metrics.MESSAGES_HANDLED.labels(topic, message.type).inc()
        self._breaker.handled(len(batch))

    def _commit(self, followed: Followed) -> list[Message]:
        first: dict[str, Message] = {}
        for message in followed.messages:
            first.setdefault(message.id, message)
        fresh = list(first.values())
        try:
            with unit_of(self.session, self._outbox, locking=False, sign_in=first) as unit:
                self._handle(unit, fresh)
        except Conflict:
            fresh = self._commit_carefully(fresh)
        except OperationalError:
            raise
        except Exception:
            # A message that was seen may contradict what has come of it: only those that were not are judged.
            fresh = self._commit_carefully(fresh)
        followed.committed({"db.system.name": "postgresql", "db.namespace": self._outbox.source})
        return fresh

    def _commit_carefully(self, messages: Sequence[Message]) -> list[Message]:
        with unit_of(self.session, self._outbox, locking=True) as unit:
            fresh = inbox.unseen(self.session, messages)
            if fresh:
                self._handle(unit, fresh)
        return fresh

    def _set_aside(self, raw: Raw, error: Exception, wait: Wait) -> None:
        """To the retry topic or the dead letters, by way of the outbox; it stays out of the inbox, to come back."""
        if not tried_before(raw):  # a retry topic holds nothing but failures
            self._breaker.failed()
        if reason := self._breaker.tripped:
            raise _Tripped(reason, raw)
        letter = None
        if self._retry and not isinstance(error, InvalidMessage):
            letter = retry_letter(raw, self.group, self._retry)
        reason = "retry" if letter else type(error).__name__
        letter = letter or dead_letter(raw, self.group, error, datetime.now(UTC))
        for pause in Backoff():
            try:
                self.session.query(INSERT_RAW, raw_columns([letter]))
                break
            except OperationalError:
                wait(pause)
        self._outbox.left = True
        if reason == "retry":
            metrics.MESSAGES_RETRIED.labels(raw.topic()).inc()
        else:
            metrics.DEAD_LETTERS.labels(raw.topic(), reason).inc()
        trace_id = text_headers(raw).get("traceparent", "")[3:35]
        where = f"{raw.topic()}/{raw.partition()}@{raw.offset()}"
        log.error("message %s goes to %s: %s", where, letter[0], type(error).__name__, extra={"trace_id": trace_id})

    def _note(self, batch: list[Raw], error: Exception, attempts: int) -> None:
        metrics.BATCH_FAILURES.labels(batch[0].topic()).inc()
        log.warning(
            "batch of %d from %s failed (attempt %d): %s",
            len(batch), batch[0].topic(), attempts, type(error).__name__,
            exc_info=None if _transient(error) or isinstance(error, InvalidMessage) else error,
        )  # fmt: skip


def _transient(error: Exception) -> bool:
    """Whether the same message may succeed later. A value that exceeds a limit of the database never will.

    What does not hold though its rows are locked is nobody else's doing: it is tried as often as any other failure.
    """
    if not isinstance(error, OperationalError) or isinstance(error, SerializationFailure):
        return False
    return not (error.sqlstate or "").startswith(_PROGRAM_LIMIT_EXCEEDED)


def _parse(raw: Raw) -> Message:
    return Message.parse(str(raw.topic()), _bytes(raw.key()), _bytes(raw.value()), text_headers(raw))


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value

"""What happens to a batch of raw messages: parse, sign in, handle, commit; split, retry or dead-letter on failure.

transient failure (database away, deadlock)   the whole batch again, with backoff, for as long as it takes; one that
                                              takes too long for a statement is split
one message cannot be read (InvalidMessage)   dead letters at once, with the reason
any other failure                             split until one message is left; a few tries; then the retry topic
                                              where the handler allows another order, else the dead letters
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from confluent_kafka import Message as Raw
from psycopg import OperationalError
from psycopg.errors import QueryCanceled

from services.chassis.messaging import inbox, outbox
from services.chassis.messaging.following import Followed, follow
from services.chassis.messaging.messages import InvalidMessage, Message
from services.chassis.messaging.retries import Retry, dead_letter, delay_left, retry_letter, text_headers
from services.chassis.observability import metrics
from services.chassis.storage.database import Database, Transaction

log = logging.getLogger(__name__)

Handle = Callable[[Transaction, list[Message]], Awaitable[None]]

ATTEMPTS = 4
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_PROGRAM_LIMIT_EXCEEDED = "54"


class Batches:
    """Handles the batches of one consumer group. `retry`: only for handlers whose order does not matter."""

    def __init__(self, database: Database, group: str, handle: Handle, retry: Retry | None = None) -> None:
        self.group = group
        self._database = database
        self._handle = handle
        self._retry = retry

    async def handle(self, batch: Sequence[Raw]) -> None:
        """Returns once every message took effect, or waits in the retry topic or the dead letters."""
        if self._retry:
            wait = max(delay_left(raw, self._retry) for raw in batch)
            if wait > 0:
                await asyncio.sleep(wait)
        await self._split(list(batch))

    async def _split(self, batch: list[Raw]) -> None:
        outages = failures = 0
        while True:
            try:
                await self._in_one_transaction(batch)
                return
            except Exception as error:
                transient = _transient(error)
                self._note(batch, error, outages + failures + 1)
                if len(batch) > 1 and (not transient or isinstance(error, QueryCanceled)):
                    middle = len(batch) // 2
                    await self._split(batch[:middle])
                    await self._split(batch[middle:])
                    return
                if transient:
                    outages += 1
                    await _pause(outages)
                    continue
                failures += 1
                if isinstance(error, InvalidMessage) or failures >= ATTEMPTS:
                    await self._set_aside(batch[0], error)
                    return
                await _pause(failures)

    async def _in_one_transaction(self, batch: list[Raw]) -> None:
        topic = str(batch[0].topic())
        messages = [_parse(raw) for raw in batch]
        started = time.monotonic()
        with follow(self.group, messages) as followed:
            fresh = await self._commit(followed)
        metrics.BATCH_SECONDS.labels(topic).observe(time.monotonic() - started)
        metrics.BATCH_SIZE.labels(topic).observe(len(batch))
        metrics.MESSAGES_DUPLICATE.labels(topic).inc(len(messages) - len(fresh))
        for message in fresh:
            metrics.MESSAGES_HANDLED.labels(topic, message.type).inc()

    async def _commit(self, followed: Followed) -> list[Message]:
        async with self._database.transaction() as unit:
            fresh = await inbox.unseen(unit.connection, followed.messages)
            if fresh:
                await self._handle(unit, fresh)
        followed.committed(self._database.span_attributes)
        return fresh

    async def _set_aside(self, raw: Raw, error: Exception) -> None:
        """To the retry topic or the dead letters, by way of the outbox; it stays out of the inbox, to come back."""
        letter = None
        if self._retry and not isinstance(error, InvalidMessage):
            letter = retry_letter(raw, self.group, self._retry)
        reason = "retry" if letter else type(error).__name__
        letter = letter or dead_letter(raw, self.group, error, datetime.now(UTC))
        attempts = 0
        while True:
            try:
                async with self._database.transaction() as unit:
                    await outbox.insert_raw(unit.connection, [letter])
                self._database.outbox_filled.set()
                break
            except OperationalError:
                attempts += 1
                await _pause(attempts)
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
    """Whether the same message may succeed later. A value that exceeds a limit of the database never will."""
    return isinstance(error, OperationalError) and not (error.sqlstate or "").startswith(_PROGRAM_LIMIT_EXCEEDED)


def _parse(raw: Raw) -> Message:
    return Message.parse(str(raw.topic()), _bytes(raw.key()), _bytes(raw.value()), text_headers(raw))


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


async def _pause(attempts: int) -> None:
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempts, 10))
    await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311

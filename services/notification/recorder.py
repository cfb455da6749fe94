"""Writes down what became of mails: what comes within a moment in one statement."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from services.chassis.messaging import outbox, retries
from services.chassis.messaging.messages import Message
from services.chassis.observability.metrics import DEAD_LETTERS
from services.chassis.storage.database import Database
from services.notification import metrics, repository
from services.notification.kinds import TOPIC
from services.notification.outcomes import BACKOFF, Outcome, Result

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 200
_GATHER_SECONDS = 0.15


class Recorder:
    """`put` waits while the database falls behind, so what is not yet written stays little.

    `group` is the one that reads the events. `given_back` is called when mails are to be sent again.
    """

    def __init__(self, database: Database, group: str, given_back: Callable[[], None]) -> None:
        self._database, self._group, self._given_back = database, group, given_back
        self._outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue(_MOST_AT_ONCE)

    async def put(self, outcome: Outcome) -> None:
        """To be written soon."""
        if outcome.result is not Result.RETURNED:
            metrics.MAILS.labels(outcome.result.value).inc()
        await self._outcomes.put(outcome)

    async def end(self) -> None:
        """Lets `run` return once everything before is written."""
        await self._outcomes.put(None)

    async def run(self) -> None:
        """Until `end`; repeats what the database did not take, since a lost `sent` would send a mail twice."""
        while batch := await self._next():
            for pause in BACKOFF:
                try:
                    await self._write([outcome for outcome in batch if outcome])
                    break
                except (OperationalError, PoolTimeout) as error:
                    log.warning("outcomes of %d mails wait for the database: %s", len(batch), type(error).__name__)
                    await asyncio.sleep(pause)
            if None in batch:
                return

    async def _next(self) -> list[Outcome | None]:
        batch = [await self._outcomes.get()]
        if batch[0] and not self._outcomes.full():
            await asyncio.sleep(_GATHER_SECONDS)
        while batch[-1] is not None and len(batch) < _MOST_AT_ONCE and not self._outcomes.empty():
            batch.append(self._outcomes.get_nowait())
        return batch

    async def _write(self, batch: Sequence[Outcome]) -> None:
        sent = [outcome.mail.id for outcome in batch if outcome.result is Result.SENT]
        refused = [outcome for outcome in batch if outcome.result is Result.REFUSED]
        again = [outcome for outcome in batch if outcome.failed or outcome.result is Result.RETURNED]
        if sent:
            await repository.mark_sent(self._database, sent)
        if again or refused:
            await self._write_failures(again, refused)

    async def _write_failures(self, again: Sequence[Outcome], refused: Sequence[Outcome]) -> None:
        failed: set[UUID] = set()
        async with self._database.transaction() as unit:
            if again:
                unknown = [outcome.result is Result.UNKNOWN for outcome in again]
                await repository.give_back(unit.connection, again, unknown)
            if refused:
                failed = await repository.mark_failed(unit.connection, refused)
                letters = [_dead_letter(outcome, self._group) for outcome in refused if outcome.mail.id in failed]
                await outbox.insert_raw(unit.connection, letters)
        if again:
            self._given_back()
        if failed:
            DEAD_LETTERS.labels(TOPIC, "MailRefused").inc(len(failed))
            log.error("%d mails are refused for good; their events go to the dead letters", len(failed))


def _dead_letter(outcome: Outcome, group: str) -> retries.Letter:
    """The event of a mail that was refused, as the chassis writes dead letters."""
    mail = outcome.mail
    event = Message(TOPIC, str(mail.order_id), mail.event_type, mail.event_data, mail.event_id, mail.trace)
    headers = event.headers("order") | {
        retries.ORIGIN: TOPIC,
        retries.REASON: "MailRefused",
        retries.ERROR: f"the mail server refused the mail: {outcome.reason}"[:500],
        retries.FAILED_AT: datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    return retries.dead_letter_topic(TOPIC, group), event.key, event.payload(), headers

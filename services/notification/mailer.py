"""Sends what is due: one feeder takes mails from the database, a few connections send them, the recorder notes it.

Several replicas may do so at once, since a taken mail is leased. However long the mail server is away, nothing is lost:
mails wait in the database, and one at a time is taken to see whether the server is back.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from services.chassis.observability import metrics, telemetry
from services.chassis.runtime.tasks import essential
from services.chassis.storage.database import Database
from services.notification import mime, render, repository
from services.notification.events import order_of
from services.notification.outcomes import Outcome, Pending, Result, backoff
from services.notification.recorder import Recorder
from services.notification.settings import NotificationSettings
from services.notification.smtp import AnswerLost, MailDeferred, MailRefused, NoMail, ServerAway, Session, SmtpSession

log = logging.getLogger(__name__)

# Must outlast the connection's opening and the mail itself, each bounded by `smtp_timeout`.
_LEASE_SPARE_SECONDS = 10.0
# The wake-up inside the process is the rule; the poll finds what another process or an earlier failure left.
_POLL_SECONDS = 0.5
_PER_CONNECTION = 8


@dataclass(frozen=True, slots=True)
class _Job:
    mail: Pending
    start_by: float
    """On the monotonic clock."""


class Mailer:
    """Works while entered; `wake` says that there is something to send."""

    def __init__(self, database: Database, settings: NotificationSettings) -> None:
        self._database = database
        self._settings = settings
        self._recorder = Recorder(database, settings.group)
        self._batch = settings.smtp_connections * _PER_CONNECTION
        self._jobs: asyncio.Queue[_Job | None] = asyncio.Queue(self._batch)
        self._due = asyncio.Event()
        self._stopping = asyncio.Event()
        self._away = False
        """The server did not take the last connection: mails are only taken one at a time, to try again."""

    def wake(self) -> None:
        """Something was committed that is due."""
        self._due.set()

    async def __aenter__(self) -> Self:
        self._recording = essential(self._recorder.run(), "mail-recorder")
        self._senders = [essential(self._send_all(), "mail-sender") for _ in range(self._settings.smtp_connections)]
        self._feeding = essential(self._feed(), "mail-feeder")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Mails in the middle of being sent are finished, the others given back."""
        self._stopping.set()
        self._due.set()
        await asyncio.wait([self._feeding], timeout=10.0)
        self._feeding.cancel()
        for _ in self._senders:
            await self._jobs.put(None)
        await asyncio.wait(self._senders, timeout=self._settings.smtp_timeout * 2 + 1)
        await self._recorder.end()
        with contextlib.suppress(TimeoutError):  # without a database nothing more can be done here
            await asyncio.wait_for(self._recording, 5.0)
        for task in self._senders:
            task.cancel()

    async def _feed(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._due.clear()
            wanted = 1 if self._away else self._batch
            try:
                taken = await self._take(wanted)
            except (OperationalError, PoolTimeout) as error:
                log.warning("due mails could not be read: %s", type(error).__name__)
                await self._pause(backoff(failures))
                failures += 1
                continue
            if self._away:
                await self._jobs.join()  # what was taken tells whether the server is back
            failures = failures + 1 if self._away else 0
            if self._away:
                await self._pause(backoff(failures))
            elif taken < wanted and not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._due.wait(), _POLL_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _take(self, wanted: int) -> int:
        patience = self._settings.smtp_timeout * 2
        lease = timedelta(seconds=patience + _LEASE_SPARE_SECONDS)
        start_by = time.monotonic() + _LEASE_SPARE_SECONDS
        async with self._database.transaction() as unit:
            mails, left = await repository.take(unit.connection, wanted, lease)
        metrics.MAILS.labels(Result.UNKNOWN.value).inc(left)
        for mail in mails:
            await self._jobs.put(_Job(mail, start_by))
        return len(mails)

    async def _send_all(self) -> None:
        session: Session = SmtpSession(self._settings) if self._settings.smtp_host else NoMail()
        while job := await self._jobs.get():
            try:
                outcome = await self._attempt(session, job)
            except Exception:
                # Whatever it is, it must not end the sender; the mail waits for its next turn.
                log.exception("a mail could not be sent")
                outcome = Outcome(job.mail, Result.DEFERRED)
            await self._recorder.put(outcome)
            self._jobs.task_done()
        await session.close()

    async def _attempt(self, session: Session, job: _Job) -> Outcome:
        if self._stopping.is_set() or time.monotonic() > job.start_by:
            return Outcome(job.mail, Result.RETURNED)
        try:
            await session.connect()
            self._away = False
        except ServerAway as error:
            self._away = True
            log.warning("mail server is away, mails wait: %s", error)
            return Outcome(job.mail, Result.RETURNED)
        attributes = {"messaging.system": "smtp", "mercato.order.id": str(job.mail.order_id)}
        with telemetry.span(
            f"send {job.mail.kind}", kind=telemetry.SpanKind.PRODUCER, parent=job.mail.trace, attributes=attributes
        ) as span:
            try:
                await session.send(job.mail.recipient, self._compose(job.mail, telemetry.traceparent_of(span)))
            except MailRefused as refusal:
                telemetry.fail(span, refusal)
                return Outcome(job.mail, Result.REFUSED, str(refusal))
            except (MailDeferred, AnswerLost) as failure:
                telemetry.fail(span, failure)
                log.warning("a mail is tried again later: %s", type(failure).__name__)
                result = Result.UNKNOWN if isinstance(failure, AnswerLost) else Result.DEFERRED
                return Outcome(job.mail, result)
        return Outcome(job.mail, Result.SENT)

    def _compose(self, mail: Pending, traceparent: str | None) -> bytes:
        html = render.html(mail.kind, order_of(mail.event_data))
        content = mime.Mail(
            mail.order_id, mail.kind, mail.recipient, mail.recipient_name, mail.subject, mail.body, html
        )
        try:
            return mime.compose(content, self._settings.mail_from, traceparent, datetime.now(UTC))
        except ValueError as error:
            raise MailRefused(str(error)) from None

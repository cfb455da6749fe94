"""Sends mails: those just committed from memory, all others from the table; the recorder notes what became of them.

Several replicas may do so at once, since a mail is leased before it is sent. A consumer leases what it inserts to this
process while there is `room`. The table is read for the rest: at the start, when something was left there or given
back, and when a lease runs out, since its sender was lost then. However long the mail server is away, nothing is lost:
mails wait in the database, and one at a time is taken to see whether the server is back.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from services.chassis.observability import telemetry
from services.chassis.retry import Attempts
from services.chassis.runtime.tasks import essential
from services.chassis.storage.database import Database
from services.notification import metrics, mime, render, repository
from services.notification.jobs import Job, Jobs
from services.notification.messages import order_of
from services.notification.outcomes import BACKOFF, Outcome, Pending, Result
from services.notification.recorder import Recorder
from services.notification.settings import NotificationSettings
from services.notification.smtp import AnswerLost, MailDeferred, MailRefused, NoMail, ServerAway, Session, SmtpSession

log = logging.getLogger(__name__)

# Must outlast the connection's opening and the mail itself, each bounded by `smtp_timeout`.
_LEASE_SPARE_SECONDS = 10.0
# Within the process whoever leaves something says so; another process may leave what nobody here knows of.
_LOOK_SECONDS = 5.0
# What is due may be in another sender's statement just now.
_LOCKED_SECONDS = 0.5
# Together as many as a full batch of order events tells of.
_PER_CONNECTION = 32


class Mailer:
    """Works while entered."""

    def __init__(self, database: Database, settings: NotificationSettings) -> None:
        self.lease = settings.smtp_timeout * 2 + _LEASE_SPARE_SECONDS
        """Seconds for which a mail is leased."""
        self._database = database
        self._settings = settings
        self._recorder = Recorder(database, settings.group, self.look)
        self._most = settings.smtp_connections * _PER_CONNECTION
        self._jobs = Jobs(self._most)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking = asyncio.Event()
        self._stopping = asyncio.Event()
        self._behind = True
        """Mails wait in the table: later ones have to wait behind them."""
        self._away = False
        """The server did not take the last connection: mails are only taken one at a time, to try again."""

    @staticmethod
    def start_by() -> float:
        """For a mail that is leased from now on."""
        return time.monotonic() + _LEASE_SPARE_SECONDS

    def room(self) -> int:
        """How many mails may be leased for `send`. From any thread, as all that follows until `look`."""
        return 0 if self._behind or self._away or self._stopping.is_set() else self._jobs.room()

    def send(self, mails: Sequence[Pending], start_by: float) -> None:
        """Mails that were committed as leased."""
        self._jobs.add([Job(mail, start_by) for mail in mails])

    def left(self) -> None:
        """Something was committed that is due and not leased."""
        self._behind = True
        self.look()

    def look(self) -> None:
        """The table has news."""
        if self._loop:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._looking.set)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._jobs.open()
        self._recording = essential(self._recorder.run(), "mail-recorder")
        self._senders = [essential(self._send_all(), "mail-sender") for _ in range(self._settings.smtp_connections)]
        self._feeding = essential(self._feed(), "mail-feeder")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Mails in the middle of being sent are finished, the others given back."""
        self._stopping.set()
        self._looking.set()
        await asyncio.wait([self._feeding], timeout=10.0)
        self._feeding.cancel()
        await asyncio.sleep(0)  # what was added until now is in the queue then
        self._jobs.end(len(self._senders))
        await asyncio.wait(self._senders, timeout=self._settings.smtp_timeout * 2 + 1)
        await self._recorder.end()
        with contextlib.suppress(TimeoutError):  # without a database nothing more can be done here
            await asyncio.wait_for(self._recording, 5.0)
        for task in self._senders:
            task.cancel()

    async def _feed(self) -> None:
        attempts = Attempts(BACKOFF)
        while not self._stopping.is_set():
            self._looking.clear()
            try:
                pause = await self._take_due()
            except (OperationalError, PoolTimeout) as error:
                log.warning("due mails could not be read: %s", type(error).__name__)
                await self._pause(attempts.failed())
                continue
            if self._away:
                await self._jobs.down_to(0)  # what was taken tells whether the server is back
            if self._away:
                await self._pause(attempts.failed())
                continue
            attempts.succeeded()
            if pause and not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._looking.wait(), pause)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _take_due(self) -> float:
        """Takes of what is due as much as there is room for. For how long there is nothing more to do."""
        due_in = await repository.due_in(self._database)
        self._behind = due_in <= 0
        if not self._behind:
            return min(due_in, _LOOK_SECONDS)
        await self._jobs.down_to(self._most // 2)
        start_by = self.start_by()
        mails, left = await repository.take(self._database, 1 if self._away else self._jobs.room(), self.lease)
        metrics.MAILS.labels(Result.UNKNOWN.value).inc(left)
        self.send(mails, start_by)
        return 0.0 if mails else _LOCKED_SECONDS

    async def _send_all(self) -> None:
        session: Session = SmtpSession(self._settings) if self._settings.smtp_host else NoMail()
        while job := await self._jobs.next():
            try:
                outcome = await self._attempt(session, job)
            except Exception:
                # Whatever it is, it must not end the sender; the mail waits for its next turn.
                log.exception("a mail could not be sent")
                outcome = Outcome(job.mail, Result.DEFERRED)
            await self._recorder.put(outcome)
            self._jobs.done()
        await session.close()

    async def _attempt(self, session: Session, job: Job) -> Outcome:
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
        html = render.html(mail.kind, mail.order or order_of(mail.event_data))
        content = mime.Mail(
            mail.order_id, mail.kind, mail.recipient, mail.recipient_name, mail.subject, mail.body, html
        )
        try:
            return mime.compose(content, self._settings.mail_from, traceparent, datetime.now(UTC))
        except ValueError as error:
            raise MailRefused(str(error)) from None

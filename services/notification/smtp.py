"""One connection to the mail server, and what its answers mean for a mail.

sent             the server took responsibility
MailRefused      it never will, for this recipient or this message
MailDeferred     not now; nothing was delivered
AnswerLost       the message was handed over, and whether the server took it is not known
ServerAway       there is no connection to be had
"""

import asyncio
import contextlib
import socket
from email.utils import parseaddr
from typing import Protocol

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services.notification.settings import NotificationSettings


class MailRefused(Exception):
    """For good; the text is the server's."""


class MailDeferred(Exception):
    """To be tried again."""


class AnswerLost(Exception):
    """To be tried again, which may send it twice."""


class ServerAway(Exception):
    """No mail can be sent at the moment."""


class Session(Protocol):
    """What the mailer needs of a connection."""

    async def connect(self) -> None:
        """Does nothing when connected. Raises ServerAway."""

    async def send(self, recipient: str, content: bytes, /) -> None:
        """Raises MailRefused, MailDeferred, AnswerLost."""

    async def close(self) -> None:
        """Ends it politely, if it can be done at once."""


class NoMail:
    """Where there is no mail server: everything is as good as sent."""

    async def connect(self) -> None:
        return

    async def send(self, _recipient: str, _content: bytes) -> None:
        return

    async def close(self) -> None:
        return


class SmtpSession:
    """A connection that stays open from mail to mail, and is opened again when the server closed it."""

    def __init__(self, settings: NotificationSettings) -> None:
        self._settings = settings
        self._client = aiosmtplib.SMTP(
            hostname=settings.smtp_host, port=settings.smtp_port, local_hostname=socket.gethostname()
        )

    async def connect(self) -> None:
        if self._client.is_connected:
            return
        try:
            async with asyncio.timeout(self._settings.smtp_timeout):
                await self._client.connect(timeout=None)
                await self._client.ehlo(timeout=None)
        except (SMTPException, OSError) as error:
            self._client.close()
            raise ServerAway(str(error) or type(error).__name__) from None

    async def send(self, recipient: str, content: bytes) -> None:
        # One limit for the whole conversation: a mail must be over before its lease is.
        deadline = asyncio.get_running_loop().time() + self._settings.smtp_timeout
        await self._envelope(recipient, deadline)
        await self._content(content, deadline)

    async def close(self) -> None:
        if self._client.is_connected:
            with contextlib.suppress(SMTPException, OSError):
                await self._client.quit(timeout=1.0)
        self._client.close()

    async def _envelope(self, recipient: str, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._client.mail(parseaddr(self._settings.mail_from)[1], timeout=None)
                await self._client.rcpt(recipient, timeout=None)
        except SMTPRecipientRefused as refusal:
            await self._reset()
            raise _judged(refusal) from None
        except SMTPResponseException as refusal:
            # The sender or the session is refused: a fault of this installation, which says nothing of the mail.
            await self._reset()
            raise MailDeferred(f"{refusal.code} {refusal.message}") from None
        except (SMTPServerDisconnected, OSError) as error:
            self._client.close()
            raise MailDeferred(str(error) or type(error).__name__) from None
        except ValueError as error:
            await self._reset()
            raise MailRefused(f"the address cannot be used: {error}") from None

    async def _content(self, content: bytes, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._client.data(content, timeout=None)
        except SMTPDataError as refusal:
            await self._reset()
            raise _judged(refusal) from None
        except (SMTPServerDisconnected, OSError) as error:
            self._client.close()
            raise AnswerLost(str(error) or type(error).__name__) from None

    async def _reset(self) -> None:
        """Makes the connection fit for the next mail, or gives it up."""
        try:
            await self._client.rset(timeout=1.0)
        except (SMTPException, OSError):
            self._client.close()


def _judged(refusal: SMTPResponseException) -> MailRefused | MailDeferred:
    """RFC 5321, section 4.2.1: 5yz is permanent, 4yz is not. 421 and the like end the connection, not the mail."""
    text = f"{refusal.code} {refusal.message}"
    return MailRefused(text) if 500 <= refusal.code < 600 else MailDeferred(text)

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
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, cast

import aiosmtplib
from aiosmtplib import SMTPException
from aiosmtplib.email import quote_address

from services.notification.exchange import Exchange, Reply
from services.notification.settings import NotificationSettings

_GO_ON = 354
_RESET = b"RSET\r\n"


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
        self._exchange: Exchange | None = None

    async def connect(self) -> None:
        if self._exchange and self._exchange.open:
            return
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.smtp_host, port=settings.smtp_port, local_hostname=socket.gethostname()
        )
        try:
            async with asyncio.timeout(settings.smtp_timeout):
                await client.connect(timeout=None)
                await client.ehlo(timeout=None)
        except (SMTPException, OSError) as error:
            client.close()
            raise ServerAway(str(error) or type(error).__name__) from None
        if client.transport is None:
            raise ServerAway("the connection was lost")
        # It is one by its methods, whatever the event loop.
        transport = cast(asyncio.Transport, client.transport)
        self._exchange = Exchange(transport, pipelining=client.supports_extension("pipelining"))

    async def send(self, recipient: str, content: bytes) -> None:
        if self._exchange is None:
            raise MailDeferred("not connected")
        try:
            sender = _command(b"MAIL FROM:", self._settings.mail_from)
            commands = (sender, _command(b"RCPT TO:", recipient), b"DATA\r\n")
        except ValueError as error:
            raise MailRefused(f"the address cannot be used: {error}") from None
        # One limit for the whole conversation: a mail must be over before its lease is.
        deadline = asyncio.get_running_loop().time() + self._settings.smtp_timeout
        await self._envelope(self._exchange, commands, deadline)
        await self._content(self._exchange, content, deadline)

    async def close(self) -> None:
        if self._exchange and self._exchange.open:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._exchange.ask(b"QUIT\r\n")
            self._exchange.close()

    async def _envelope(self, exchange: Exchange, commands: Sequence[bytes], deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                replies = await exchange.ask(*commands)
        except TimeoutError:
            raise MailDeferred("no answer in time") from None
        go_on = len(replies) == len(commands) and replies[-1].code == _GO_ON
        refusal = next((reply for reply in replies if not reply.fine), None)
        if go_on and refusal is None:
            return
        if go_on:
            # A server may wait for the content of a mail to nobody (RFC 2920, section 3.1).
            await _settle(exchange, b".\r\n")
        await _settle(exchange, _RESET)
        if refusal is None:
            raise MailDeferred("the connection was lost")
        if refusal is replies[0]:
            # The sender or the session is refused: a fault of this installation, which says nothing of the mail.
            raise MailDeferred(str(refusal))
        raise _judged(refusal)

    async def _content(self, exchange: Exchange, content: bytes, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                replies = await exchange.ask(_stuffed(content))
        except TimeoutError:
            raise AnswerLost("no answer in time") from None
        if not replies:
            raise AnswerLost("the connection was lost")
        [reply] = replies
        if not reply.fine:
            await _settle(exchange, _RESET)
            raise _judged(reply)


async def _settle(exchange: Exchange, command: bytes) -> None:
    """Makes the connection fit for the next mail, or gives it up."""
    try:
        async with asyncio.timeout(1.0):
            replies = await exchange.ask(command)
    except TimeoutError:
        return
    if command == _RESET and not all(reply.fine for reply in replies):
        exchange.close()


@lru_cache(256)
def _command(verb: bytes, mailbox: str) -> bytes:
    """Raises ValueError for an address that could be taken for more than itself."""
    return verb + quote_address(mailbox).encode("ascii") + b"\r\n"


def _stuffed(content: bytes) -> bytes:
    """With its end, and transparent to it (RFC 5321, section 4.5.2); `content` has CRLF line ends."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:].removesuffix(b"\r\n") + b"\r\n.\r\n"


def _judged(reply: Reply) -> MailRefused | MailDeferred:
    """RFC 5321, section 4.2.1: 5yz is permanent, 4yz is not. 421 and the like end the connection, not the mail."""
    return MailRefused(str(reply)) if 500 <= reply.code < 600 else MailDeferred(str(reply))

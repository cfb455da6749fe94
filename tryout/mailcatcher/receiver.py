"""SMTP in: takes every message for everyone."""

import asyncio
import logging
import re
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from tryout.mailcatcher.mailbox import Mailbox
from tryout.mailcatcher.settings import MailCatcherSettings

log = logging.getLogger(__name__)

MAX_MESSAGE = 5 * 1024 * 1024
"""Bytes; a larger message is refused with 552."""


# The form nearly every address has: no quotes, no comments, no source route.
_PLAIN = re.compile(r"<([\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+)>(.*)", re.ASCII)


class _Connection(SMTP):
    """aiosmtpd reads an address with the grammar of a whole mail header. That was a third of a message's cost, and what
    looks like an encoded word became another address."""

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        plain = _PLAIN.fullmatch(arg)
        if plain:
            return plain[1], plain[2]
        address, rest = super()._getaddr(arg)
        return address, rest


class Receiver:
    """Listens while entered."""

    def __init__(self, mailbox: Mailbox, settings: MailCatcherSettings) -> None:
        self._mailbox = mailbox
        self._settings = settings

    async def __aenter__(self) -> Self:
        # It logs each line of each message on level debug, and each connection on info.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        await asyncio.to_thread(self._mailbox.open)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(
                self,
                data_size_limit=MAX_MESSAGE,
                enable_SMTPUTF8=True,
                hostname="mailcatcher",
                ident="Mercato mail catcher",
                loop=loop,
            ),
            self._settings.host,
            self._settings.smtp_port,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def port(self) -> int:
        """Where it listens; of interest when the setting was 0."""
        return int(self._server.sockets[0].getsockname()[1])

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keeps the message before answering. On this thread: a small file costs less than handing it to another."""
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 - decode_data is off
        try:
            message_id = self._mailbox.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        except OSError as error:
            log.error("a message could not be kept: %s", error.strerror)
            return "452 the message could not be kept; make room on the disk, then send it again"
        return f"250 OK {message_id}"

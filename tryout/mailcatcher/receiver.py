"""SMTP in: takes every message for everyone."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from typing import Self

from tryout.mailcatcher.mailbox import Mailbox
from tryout.mailcatcher.protocol import Connection
from tryout.mailcatcher.settings import MailCatcherSettings

log = logging.getLogger(__name__)


class Receiver:
    """Listens while entered, with the mailbox open."""

    def __init__(self, mailbox: Mailbox, settings: MailCatcherSettings) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._connections: set[Connection] = set()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._mailbox.open)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._keep, self._connections), self._settings.host, self._settings.smtp_port
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*[connection.abort() for connection in self._connections])
        self._mailbox.close()

    @property
    def port(self) -> int:
        """Where it listens; of interest when the setting was 0."""
        return int(self._server.sockets[0].getsockname()[1])

    def _keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Keeps the message before answering. On this thread: that costs less than handing it to another."""
        try:
            message_id = self._mailbox.add(sender, recipients, content)
        except sqlite3.Error as error:
            log.error("a message could not be kept: %s", error)
            return "452 the message could not be kept; make room on the disk, then send it again"
        return f"250 OK {message_id}"

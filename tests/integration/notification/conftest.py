"""Notification's handler and mailer on a real PostgreSQL, with a mail server that can misbehave; no Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from services.chassis.messaging.messages import Message
from services.chassis.storage.database import Database
from services.notification.handlers import Handlers
from services.notification.mailer import Mailer
from services.notification.settings import NotificationSettings
from tests.support.ports import free_port
from tests.support.postgresql import fresh_database, migrated_template
from tests.support.replicas import handled

Deliver = Callable[..., Awaitable[None]]


@dataclass
class MailServer:
    """Real SMTP. `refuse`: answers to RCPT by recipient. `answers`: what DATA is answered, one after the other, then
    250; None keeps the message and cuts the connection instead of answering."""

    port: int
    received: list[Envelope] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    answers: list[str | None] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _connections: list[SMTP] = field(default_factory=list)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def connection() -> SMTP:
            self._connections.append(SMTP(self, hostname="localhost", loop=loop))
            return self._connections[-1]

        self._server = await loop.create_server(connection, "127.0.0.1", self.port)

    def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for connection in self._connections:
            if connection.transport:
                connection.transport.close()
        self._connections.clear()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer is None or answer.startswith("250"):
            self.received.append(envelope)
        if answer is None:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
            return "250 never read"
        return answer

    def ids(self) -> list[str]:
        """Message-IDs in order of arrival."""
        found = []
        for envelope in self.received:
            assert isinstance(envelope.content, bytes)
            head = envelope.content.partition(b"\r\n\r\n")[0].decode()
            found += [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("Message-ID: ")]
        return found


@pytest.fixture(scope="session")
def notification_template(postgres_url: str) -> Iterator[str]:
    with migrated_template(postgres_url, "notification", ["messaging"]) as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, notification_template: str) -> Iterator[str]:
    with fresh_database(postgres_url, notification_template) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> NotificationSettings:
    return NotificationSettings(
        database_url=SecretStr(database_url),
        host="127.0.0.1",
        smtp_host="127.0.0.1",
        smtp_port=free_port(),
        smtp_timeout=2.0,
        kafka_bootstrap="127.0.0.1:1",
    )


@pytest.fixture
async def database(settings: NotificationSettings) -> AsyncIterator[Database]:
    async with Database(settings) as opened:
        yield opened


@pytest.fixture
async def smtp(settings: NotificationSettings) -> AsyncIterator[MailServer]:
    server = MailServer(settings.smtp_port)
    await server.start()
    yield server
    server.stop()


@pytest.fixture
async def mailer(database: Database, settings: NotificationSettings) -> AsyncIterator[Mailer]:
    async with Mailer(database, settings) as running:
        yield running


@pytest.fixture
def deliver(database: Database, settings: NotificationSettings) -> Deliver:
    """Handles messages as the consumer does: one unit with the inbox."""

    async def handle(*messages: Message, mailer: Mailer | None = None) -> None:
        notify = Handlers(mailer or Mailer(database, settings)).on_events
        await handled(settings, notify, messages)

    return handle


@pytest.fixture
def sql(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection

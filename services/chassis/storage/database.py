"""PostgreSQL: a bounded pool, and the unit of work in which effects, inbox and outbox commit together."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, LiteralString, Self

import orjson
from psycopg import AsyncConnection, OperationalError
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.messages import Message
from services.chassis.observability import telemetry
from services.chassis.runtime.backoff import backoff
from services.chassis.runtime.tasks import stop

set_json_loads(orjson.loads)
log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""How long a service that needs its database to start waits for it."""

Connection = AsyncConnection[tuple[Any, ...]]

# A statement or a lock that takes longer than this is a fault, not work; an idle transaction is a lost client.
_OPTIONS = "-c timezone=UTC -c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
# A server whose address is gone says nothing, not even that it is gone: both ways of waiting for it end after 5 s. The
# gateway tries a request three times within its 15 s, so what is lost must be told soon.
_LOST = {
    "keepalives": 1,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
}
_WAIT_SECONDS = 2.0


class Transaction:
    """One unit of work: use `connection`, collect messages with `publish`; everything commits or nothing does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.messages: list[Message] = []
        self.callbacks: list[Callable[[], None]] = []

    def publish(self, *messages: Message) -> None:
        """Messages to Kafka, by way of the outbox."""
        self.messages.extend(messages)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Runs only once the transaction is committed: a hint for speed, lost with the process."""
        self.callbacks.append(callback)


class Database:
    """The service's own database."""

    def __init__(self, settings: ServiceSettings) -> None:
        if settings.database_url is None:
            raise SystemExit(f"{settings.service}: set MERCATO_DATABASE_URL to this service's own database")
        self.source = settings.service
        self.outbox_filled = asyncio.Event()
        self._repair: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            settings.database_url.get_secret_value(),
            min_size=1,
            max_size=settings.database_pool_size,
            max_waiting=1000,
            timeout=_WAIT_SECONDS,
            reconnect_timeout=2.0,
            # A single statement needs no BEGIN and COMMIT around it; `transaction` sends them where they are wanted.
            kwargs={
                "autocommit": True,
                "options": _OPTIONS,
                "connect_timeout": 5,
                "application_name": settings.instance,
                **_LOST,
            },
            open=False,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._repair:
            await stop(self._repair)
        await self._pool.close(timeout=5.0)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Raises psycopg's OperationalError when the database is away; a lost COMMIT may have held."""
        # Only under a recorded span: on its own, a transaction is no trace worth keeping.
        with telemetry.span_below("postgresql transaction", telemetry.SpanKind.CLIENT, self.span_attributes):
            async with self._connection() as connection, connection.transaction():
                unit = Transaction(connection)
                yield unit
                if unit.messages:
                    # Services that send no messages lack Kafka's client.
                    from services.chassis.messaging import outbox  # noqa: PLC0415

                    await outbox.insert(connection, self.source, unit.messages)
        if unit.messages:
            self.outbox_filled.set()
        for callback in unit.callbacks:
            callback()

    async def fetch(self, query: LiteralString, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a single statement, outside any transaction. Raises as `transaction` does."""
        async with self._connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()

    async def execute(self, query: LiteralString, parameters: Sequence[Any] | None = None) -> None:
        """Like `fetch`, without an answer."""
        async with self._connection() as connection:
            await connection.execute(query, parameters)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except OperationalError:
            # The server may have gone: replace every dead connection at once instead of failing one caller for each.
            if self._repair is None or self._repair.done():
                self._repair = asyncio.create_task(self._replace_dead_connections())
            raise

    async def _replace_dead_connections(self) -> None:
        try:
            await self._pool.check()
        except OperationalError as error:
            log.warning("database is away: %s", type(error).__name__)

    @property
    def span_attributes(self) -> dict[str, str]:
        return {"db.system.name": "postgresql", "db.namespace": self.source}

    async def awaited(self, seconds: float = START_SECONDS) -> None:
        """Returns once it answers: for work without which a service cannot start. Raises OperationalError in the end.

        A database that restarts together with its services would else end each of them, and the back-off between a
        pod's restarts outlasts the outage by far.
        """
        deadline = time.monotonic() + seconds
        for pause in backoff(limit=2.0):
            try:
                await self.fetch("SELECT 1")
            except OperationalError as error:
                if time.monotonic() + pause > deadline:
                    raise
                log.warning("waiting for the database: %s", type(error).__name__)
                await asyncio.sleep(pause)
            else:
                return

    async def check(self) -> str | None:
        """Readiness: None, or why the database cannot be used."""
        try:
            async with self._pool.connection() as connection:
                await connection.execute("SELECT 1")
        except OperationalError as error:
            return f"database does not answer ({type(error).__name__})"
        return None

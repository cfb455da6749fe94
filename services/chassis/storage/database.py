"""PostgreSQL: a bounded pool of connections for what is asked on the event loop."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, LiteralString, Self

import orjson
from psycopg import AsyncConnection, OperationalError
from psycopg.sql import Composed
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.observability import telemetry
from services.chassis.retry import Backoff
from services.chassis.runtime.tasks import stop
from services.chassis.storage.connections import arguments, database_url

set_json_loads(orjson.loads)
log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""How long a service that needs its database to start waits for it."""

Connection = AsyncConnection[tuple[Any, ...]]

_WAIT_SECONDS = 2.0


class Transaction:
    """One unit of work: everything done by `connection` commits, or nothing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.callbacks: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Runs only once the transaction is committed: a hint for speed, lost with the process."""
        self.callbacks.append(callback)


class Database:
    """The service's own database."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.source = settings.service
        self._repair: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            database_url(settings),
            min_size=1,
            max_size=settings.database_pool_size,
            max_waiting=1000,
            timeout=_WAIT_SECONDS,
            reconnect_timeout=2.0,
            kwargs=arguments(settings),
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
        for callback in unit.callbacks:
            callback()

    async def fetch(
        self, query: LiteralString | Composed, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of a single statement, outside any transaction. Raises as `transaction` does."""
        async with self._connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()

    async def execute(self, query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
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
        for pause in Backoff(limit=2.0):
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

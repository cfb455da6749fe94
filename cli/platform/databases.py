"""The services' databases read from outside."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import psycopg

from cli.platform.errors import PlatformError
from cli.platform.sites import Internals

WITH_OUTBOX = ("order", "product", "payment", "notification")
ROWS_AT_ONCE = 5_000


class Databases:
    """A connection for each service asked for, opened when it is first used. Raises PlatformError."""

    def __init__(self, site: Internals) -> None:
        self._site = site
        self._open: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def stream(self, service: str, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, however many, without holding them all."""
        try:
            with (
                self._connection(service).transaction(),
                self._connection(service).cursor("mercato_cli") as cursor,
            ):
                cursor.itersize = ROWS_AT_ONCE
                cursor.execute(query.encode())
                yield from cursor
        except psycopg.Error as error:
            raise self._failure(service, error) from error

    def number(self, service: str, query: str) -> int:
        """The one number a query answers."""
        try:
            row = self._connection(service).execute(query.encode()).fetchone()
        except psycopg.Error as error:
            raise self._failure(service, error) from error
        return int(row[0]) if row else 0

    def outbox_backlog(self) -> dict[str, int]:
        """Outbox rows that wait to be published, by service."""
        return {service: self.number(service, "SELECT count(*) FROM outbox") for service in WITH_OUTBOX}

    def _connection(self, service: str) -> psycopg.Connection[tuple[Any, ...]]:
        if service not in self._open:
            url = self._site.database_url(service)
            options = "-c statement_timeout=60s -c default_transaction_read_only=on"
            connection = psycopg.connect(
                url, autocommit=True, connect_timeout=5, application_name="mercato-cli", options=options
            )
            self._open[service] = self._stack.enter_context(connection)
        return self._open[service]

    def _failure(self, service: str, error: psycopg.Error) -> PlatformError:
        text = str(error).partition("\n")[0] or type(error).__name__
        see = self._site.remedies.status
        return PlatformError(f"the database of {service} does not answer as it should ({text}): see {see}")

"""One blocking connection, for a thread that has nothing else to do than wait for its answers.

On the event loop each answer costs a turn of it and two more wake-ups, which is more than the statement itself.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Self

import orjson
import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.types.json import set_json_loads

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.storage.connections import OPTIONS, arguments, database_url

set_json_loads(orjson.loads)
log = logging.getLogger(__name__)

# What is asked here finds its rows by their keys. The planner knows nothing of the rows that come in a document, takes
# them for a hundred, and would read whole tables for them; and a plan made anew each time costs as much as its work.
_OPTIONS = " -c ".join(
    (
        OPTIONS,
        "plan_cache_mode=force_generic_plan",
        "enable_seqscan=off",
        "enable_hashjoin=off",
        "enable_mergejoin=off",
        "enable_bitmapscan=off",
        "jit=off",
    )
)

Row = tuple[Any, ...]
_names = count()


class Session:
    """Belongs to one thread; `cancel` and `close` may be called from others. Connects when it is first needed.

    Everything raises psycopg's OperationalError when the database is away, and connects anew the next time. A lost
    COMMIT may have held.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._url = database_url(settings)
        self._arguments = arguments(settings, _OPTIONS)
        self._connection: psycopg.Connection[Row] | None = None
        self._prepared: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connection(self) -> "psycopg.Connection[Row]":
        if self._connection is None or self._connection.closed:
            # Every statement is prepared: there are few, and each comes again and again.
            self._connection = psycopg.connect(self._url, prepare_threshold=0, **self._arguments)
            self._prepared.clear()
        return self._connection

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement; on its own, or in the transaction that is open."""
        cursor = self.connection.execute(statement.encode(), parameters)
        return cursor.fetchall() if cursor.description else []

    def write(self, statement: str, values: Sequence[bytes]) -> list[bytes | None]:
        """The one row that a statement answers; its `$n` take texts, and the row is texts.

        By libpq itself: what psycopg does to adapt and to wait costs as much as the statement.
        """
        server = self.connection.pgconn
        name = self._prepared.get(statement)
        if name is None:
            name = b"mercato_%d" % next(_names)
            _checked(server, server.prepare(name, statement.encode()))
            self._prepared[statement] = name
        result = _checked(server, server.exec_prepared(name, list(values)))
        return [result.get_value(0, column) for column in range(result.nfields)]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing."""
        try:
            with self.connection.transaction():
                yield
        except BaseException:
            # With a rollback psycopg gives up all statements that its connection has prepared.
            self._prepared.clear()
            raise

    def cancel(self) -> None:
        """Ends the statement that is running, if there is one."""
        connection = self._connection
        if connection is not None and not connection.closed:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=2.0)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _checked(server: PGconn, result: PGresult) -> PGresult:
    if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        return result
    if server.status == ConnStatus.BAD or not result.error_field(DiagnosticField.SQLSTATE):
        raise psycopg.OperationalError(server.get_error_message())
    raise error_from_result(result)

"""Starts a service: `python -m services.<name> [serve [--migrate] | migrate]`."""

import argparse
import asyncio
import importlib.util
import logging
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import uvicorn
from prometheus_client import start_http_server
from starlette.applications import Starlette

from services.chassis.configuration.settings import ServiceSettings, load
from services.chassis.http.server import Server
from services.chassis.observability import telemetry

log = logging.getLogger(__name__)

S = TypeVar("S", bound=ServiceSettings)

# A stopping service finishes the requests it has; then the resources drain.
GRACE_SECONDS = 10


def main(settings_class: type[S], build: Callable[[S], Starlette], *, tables: Sequence[str] = ()) -> None:
    """`tables`: which of the chassis' own tables (`messaging`, `idempotency`) the service's database holds."""
    parser = argparse.ArgumentParser(prog=settings_class.service)
    commands = parser.add_subparsers(dest="command")
    serve = commands.add_parser("serve", help="answer requests and messages (the default)")
    serve.add_argument("--migrate", action="store_true", help="apply missing migrations first")
    commands.add_parser("migrate", help="apply missing migrations and end")
    arguments = parser.parse_args()
    settings = asyncio.run(load(settings_class))
    telemetry.configure(settings)
    if arguments.command == "migrate" or getattr(arguments, "migrate", False):
        _migrate(settings, settings_class, tables)
    if arguments.command != "migrate":
        _serve(settings, build)


def _migrate(settings: ServiceSettings, settings_class: type[ServiceSettings], tables: Sequence[str]) -> None:
    if settings.database_url is None:
        return
    from services.chassis.storage.migrations import migrate  # noqa: PLC0415 - services without a database lack the library

    spec = importlib.util.find_spec(settings_class.__module__)
    home = Path(str(spec and spec.origin)).parent / "migrations"
    own = [home] if home.is_dir() else []
    folders = [Path(__file__).parent / "migrations" / name for name in tables]
    for name in migrate(settings.database_url.get_secret_value(), [*folders, *own]):
        log.info("applied migration %s", name)


def _serve(settings: S, build: Callable[[S], Starlette]) -> None:
    settings.on_change(lambda _changed: logging.getLogger().setLevel(settings.log_level))
    try:
        metrics, thread = start_http_server(settings.metrics_port, addr=settings.host)
    except OSError as error:
        where = f"{settings.host}:{settings.metrics_port}"
        raise SystemExit(
            f"{settings.service}: cannot listen on {where} ({error.strerror}): set MERCATO_METRICS_PORT to a free port"
        ) from None
    config = uvicorn.Config(
        build(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    server = Server(config)

    def stop(_signal: int, _frame: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal again after it has drained; that must not kill us before the last spans are out.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        server.run()
    finally:
        metrics.shutdown()
        metrics.server_close()
        thread.join()
        telemetry.shutdown()
    if not server.started:
        raise SystemExit(f"{settings.service}: did not start; the log says why")

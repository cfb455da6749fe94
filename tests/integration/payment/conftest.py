"""The payment service on a real PostgreSQL, against the simulator on its own database; no Kafka."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.chassis.messaging.messaging import Messaging
from services.chassis.messaging.recent import Recent
from services.chassis.storage.database import Database
from services.payment.backlog import Backlog
from services.payment.caller import Caller, Provider
from services.payment.due import DueCalls
from services.payment.handlers import Handlers
from services.payment.hints import Hints
from services.payment.provider import StripeProvider
from services.payment.recorder import Recorder
from services.payment.repository import Stored
from tests.contract.payment import parts
from tests.integration.payment.service import Service, Start


@pytest.fixture(scope="session")
def payment_server() -> Iterator[str]:
    with parts.postgres_server() as server:
        yield server


@pytest.fixture
def payment_url(payment_server: str) -> Iterator[str]:
    with parts.database(payment_server, parts.PAYMENT) as url:
        yield url


@pytest.fixture
def ledger_url(payment_server: str) -> Iterator[str]:
    with parts.database(payment_server, parts.LEDGER) as url:
        yield url


@pytest.fixture
async def simulator(ledger_url: str) -> AsyncIterator[str]:
    async with parts.simulator(ledger_url, late_seconds=0.8) as base:
        yield base


@pytest.fixture
async def start(payment_url: str, ledger_url: str, simulator: str) -> AsyncIterator[Start]:
    """Starts services on the same databases; `provider` takes the place of Stripe's library."""
    opened: list[Any] = []

    async def begin(provider: Provider | None = None, **more: Any) -> Service:
        settings = parts.payment_settings(
            simulator,
            **{
                "database_url": SecretStr(payment_url),
                "kafka_bootstrap": "127.0.0.1:1",
                "provider_timeout_seconds": 0.5,
                "poll_seconds": 0.05,
                "backoff_first_seconds": 0.05,
                "backoff_longest_seconds": 0.2,
                **more,
            },
        )
        database = Database(settings)
        stripe = StripeProvider(settings)
        caller = Caller(settings, provider or stripe)
        messaging = Messaging(settings, database)  # not entered: what is published stays in the outbox
        changes, commands = messaging.single_units("changes"), messaging.single_units("commands")
        backlog, memory = Backlog(), Recent[UUID, Stored]()
        recorder = Recorder(settings, changes, caller, backlog, memory)
        due = DueCalls(settings, database, changes, caller, backlog=backlog, memory=memory)
        hints = Hints(database, due)
        resources: list[AbstractAsyncContextManager[Any]] = [
            database, changes, stripe, recorder, caller, due, hints, commands
        ]  # fmt: skip
        for resource in resources:
            await resource.__aenter__()
            opened.append(resource)
        handlers = Handlers(settings, caller, backlog, memory)
        return Service(settings, database, caller.heard, due, hints, commands, handlers, payment_url, ledger_url)

    yield begin
    for resource in reversed(opened):
        await resource.__aexit__(None, None, None)


@pytest.fixture
async def service(start: Start) -> Service:
    started: Service = await start()
    return started

"""The order service's API on a real PostgreSQL, with tokens from an issuer of the tests; no Kafka."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager

import aiohttp
import psycopg
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.messaging.messaging import Messaging
from services.chassis.storage.database import Database
from services.order.admission.backlog import Backlog
from services.order.admission.gate import Admission
from services.order.api import Api
from services.order.handlers import Handlers
from services.order.settings import OrderSettings
from tests.support.issuer import ISSUER, TokenFor, issuing
from tests.support.postgresql import fresh_database, migrated_template
from tests.support.serving import served


@pytest.fixture(scope="session")
def order_template(postgres_url: str) -> Iterator[str]:
    with migrated_template(postgres_url, "order", ["messaging", "idempotency"]) as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, order_template: str) -> Iterator[str]:
    with fresh_database(postgres_url, order_template) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> OrderSettings:
    return OrderSettings(
        database_url=SecretStr(database_url), kafka_bootstrap="127.0.0.1:1", issuer=ISSUER, host="127.0.0.1", port=0
    )


@pytest.fixture
async def token_for(settings: OrderSettings) -> AsyncIterator[TokenFor]:
    async with issuing() as (keys, token_for):
        settings.__dict__["jwks_url"] = keys
        yield token_for


@pytest.fixture
async def database(settings: OrderSettings) -> AsyncIterator[Database]:
    async with Database(settings) as opened:
        yield opened


@pytest.fixture
def backlog(settings: OrderSettings, database: Database) -> Backlog:
    return Backlog(settings, database)


@pytest.fixture
def app(settings: OrderSettings, database: Database, token_for: TokenFor, backlog: Backlog) -> Starlette:
    """The service, not yet started."""
    return service(settings, database, backlog)


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the running service, without a token."""
    async with served(app) as base, aiohttp.ClientSession(base) as session:
        yield session


def service(settings: OrderSettings, database: Database, backlog: Backlog) -> Starlette:
    """A replica, as far as it answers requests."""
    tokens, admission = Tokens(settings), Admission(database, backlog)
    handlers = Handlers(settings, Messaging(settings, database))
    api = Api(settings, database, tokens, handlers, admission)
    resources: list[AbstractAsyncContextManager[object]] = [tokens, admission, *handlers.resources, *api.resources]
    return application(settings, routes=api.routes(), resources=resources, details=admission.details)


@pytest.fixture
def sql(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection

"""A bare service on the chassis: a migrated database and a real broker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.chassis.messaging.retries import dead_letter_topic, retry_topic
from services.chassis.storage.database import Database
from services.chassis.storage.migrations import migrate
from tests.conftest import NewDatabase, Topics
from tests.support.bare import Bare, BareSettings, Effects

MIGRATIONS = Path(__file__).parents[3] / "services" / "chassis" / "migrations"


@pytest.fixture
def database_url(new_database: NewDatabase) -> str:
    url = new_database()
    migrate(url, [MIGRATIONS / "messaging", MIGRATIONS / "idempotency"])
    return url


@pytest.fixture
async def bare(database_url: str, kafka_bootstrap: str) -> AsyncIterator[Bare]:
    settings = BareSettings(
        instance="bare", host="127.0.0.1", database_url=SecretStr(database_url), kafka_bootstrap=kafka_bootstrap
    )
    async with AsyncExitStack() as stack:
        yield Bare(settings, stack)


@pytest.fixture
async def database(bare: Bare) -> Database:
    return await bare.database()


@pytest.fixture
async def effects(database: Database) -> Effects:
    effects = Effects(database)
    await effects.create()
    return effects


@pytest.fixture
def topic(topics: Topics) -> str:
    """With the retry and dead-letter topics of group `bare`."""
    name = topics()
    topics(name=retry_topic(name, "bare"))
    topics(name=dead_letter_topic(name, "bare"))
    return name

"""A bare service on the chassis: a migrated database and a real broker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.chassis.migrations import migrate
from tests.conftest import NewDatabase
from tests.support.bare import Bare, BareSettings

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

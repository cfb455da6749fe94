from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.contract.payment import parts


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[str]:
    with parts.postgres_server() as server:
        yield server


@pytest.fixture
def ledger_url(simulator_server: str) -> Iterator[str]:
    with parts.database(simulator_server, parts.LEDGER) as url:
        yield url


@pytest.fixture
async def stripe_api(ledger_url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the running simulator, with the right key."""
    headers = {"authorization": f"Bearer {parts.API_KEY}"}
    async with (
        parts.simulator(ledger_url, late_seconds=0.2) as base,
        aiohttp.ClientSession(base, headers=headers) as session,
    ):
        yield session

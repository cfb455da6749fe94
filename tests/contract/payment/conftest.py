from collections.abc import AsyncIterator, Iterator

import pytest

from services.payment.caller import Provider
from services.payment.provider import StripeProvider
from tests.contract.payment import parts
from tests.contract.payment.fake_provider import FakeProvider


@pytest.fixture(scope="session")
def payment_contract_ledger() -> Iterator[str]:
    with parts.postgres_server() as server, parts.database(server, parts.LEDGER) as url:
        yield url


@pytest.fixture(params=["fake", "simulator"])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    """The fake, and the Stripe library against the simulator."""
    if request.param == "fake":
        yield FakeProvider()
        return
    url = request.getfixturevalue("payment_contract_ledger")
    async with (
        parts.simulator(url) as base,
        StripeProvider(parts.payment_settings(base, provider_timeout_seconds=0.5)) as stripe,
    ):
        yield stripe

"""One platform for all tests of this tier; each test brings its own customers and products."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.end_to_end.otlp_receiver import OtlpReceiver
from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Shop
from tests.support.ports import free_port


@pytest.fixture(scope="session")
def traces() -> Iterator[OtlpReceiver]:
    """Receives the platform's spans; only requests that ask for it by a sampled traceparent are recorded."""
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, traces: OtlpReceiver) -> Iterator[Platform]:
    data = tmp_path_factory.mktemp("platform") / "data"
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": traces.url,
        "MERCATO_TRACE_SAMPLE_RATIO": "0",
    }
    running = Platform(data, free_port(), environment)
    running.up("--replicas", "order=2")
    yield running
    running.down("--purge")


@pytest_asyncio.fixture
async def shop(platform: Platform) -> AsyncIterator[Shop]:
    admin = platform.secret("admin.json")
    async with Shop(platform.url, admin["email"], admin["password"]) as opened:
        yield opened

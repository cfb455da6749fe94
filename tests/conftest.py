"""Real PostgreSQL and Kafka for all tests: one server of each per test process, started when first asked for."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.support.servers import Kafka, Postgres

NewDatabase = Callable[[], str]
Topics = Callable[..., str]


_recorded: list[InMemorySpanExporter] = []


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """Records every span of this process; empty at first."""
    if not _recorded:  # a process has one tracer provider, for good
        _recorded.append(InMemorySpanExporter())
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(_recorded[0]))
        trace.set_tracer_provider(provider)
    _recorded[0].clear()
    return _recorded[0]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mercato-test-") as folder:
        Path(folder).chmod(0o755)  # run as root, PostgreSQL is another user
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server itself, for tests that stop it. They leave it running."""
    with _folder() as folder:
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """The superuser's URL."""
    return postgres.url


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """The broker itself, for tests that stop it. They leave it running."""
    with _folder() as folder:
        server = Kafka(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()  # an orderly end takes seconds, and the data goes anyway


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka: Kafka) -> str:
    return kafka.bootstrap


@pytest.fixture
def new_database(postgres_url: str) -> Iterator[NewDatabase]:
    """Makes empty databases, gone after the test: `new_database()` is the URL of one."""

    def drop(name: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    with ExitStack() as stack:

        def create() -> str:
            name = f"test_{uuid4().hex}"
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            stack.callback(drop, name)
            return postgres_url.removesuffix("/postgres") + f"/{name}"

        yield create


@pytest.fixture
def topics(kafka_bootstrap: str) -> Iterator[Topics]:
    """Creates topics under unique names, gone after the test: `topics(3)` is the name of one with 3 partitions."""
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    created: list[str] = []

    def create(partitions: int = 1, *, name: str | None = None) -> str:
        topic = name or f"test.{uuid4().hex}"
        for done in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            done.result(20)
        created.append(topic)
        return topic

    yield create
    if created:
        for done in admin.delete_topics(created).values():
            done.exception(20)

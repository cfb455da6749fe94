"""What this machine could do at most: the parts alone, measured in the same run.

PostgreSQL: durable transactions of two inserts. Kafka: records written and read. Envoy: requests it answers itself.
The measuring clients use the same cores, so these are floors of what the parts can do, not ceilings.
"""

import asyncio
import json
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from urllib.parse import unquote, urlsplit

import psycopg
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it names no exports

from cli.embedded.postgres import program
from cli.platform.errors import PlatformError

SECONDS = 3.0
CLIENTS = 8
RECORDS = 50_000
RECORD_BYTES = 400
PARTITIONS = 6
CONNECTIONS = 32

_SCRIPT = """
BEGIN;
INSERT INTO first (payload) VALUES ('0123456789012345678901234567890123456789');
INSERT INTO second (payload) VALUES ('0123456789012345678901234567890123456789');
COMMIT;
"""


def transactions_per_second(superuser_url: str) -> float:
    """Durable two-insert transactions a second, by eight clients, in a database of its own that is dropped after."""
    name = f"mercato_bench_{secrets.token_hex(4)}"
    try:
        with psycopg.connect(superuser_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            try:
                return _pgbench(superuser_url, name)
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    except psycopg.Error as error:
        raise PlatformError(f"PostgreSQL could not be measured: {str(error).partition(chr(10))[0]}") from error


def _pgbench(superuser_url: str, database: str) -> float:
    parts = urlsplit(superuser_url)
    environment = {
        **os.environ,
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or "postgres"),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": database,
    }
    with psycopg.connect(superuser_url, dbname=database, autocommit=True, connect_timeout=5) as connection:
        for table in (b"first", b"second"):
            connection.execute(b"CREATE TABLE " + table + b" (id bigserial PRIMARY KEY, payload text NOT NULL)")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_SCRIPT)
        script.flush()
        command = [str(program("pgbench")), "--no-vacuum", f"--client={CLIENTS}", f"--time={SECONDS:.0f}"]
        done = subprocess.run(
            [*command, "--protocol=prepared", f"--file={script.name}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS * 10,
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        raise PlatformError(f"pgbench failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return float(found[1])


def records_per_second(bootstrap: str) -> tuple[float, float]:
    """Records of 400 bytes a second: written idempotently, acknowledged by all; and read in batches, parsed as JSON."""
    try:
        with _topic(bootstrap) as topic:
            return _produce(bootstrap, topic), _consume(bootstrap, topic)
    except KafkaException as error:
        raise PlatformError(f"Kafka could not be measured: {error.args[0].str()}") from error


@contextmanager
def _topic(bootstrap: str) -> Iterator[str]:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    name = f"mercato.bench.{secrets.token_hex(4)}"
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result(10)
    try:
        yield name
    finally:
        admin.delete_topics([name])[name].result(10)


def _produce(bootstrap: str, topic: str) -> float:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all", "log_level": 0})
    payload = json.dumps({"filler": "x" * (RECORD_BYTES - 14)}).encode()
    started = time.monotonic()
    for number in range(RECORDS):
        while True:
            try:
                producer.produce(topic, value=payload, key=str(number), headers=[("ce_type", "bench")])
                break
            except BufferError:
                producer.poll(0.05)
    if producer.flush(30):
        raise PlatformError("Kafka did not acknowledge the measured records in 30 s")
    return RECORDS / (time.monotonic() - started)


def _consume(bootstrap: str, topic: str) -> float:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "mercato-cli", "enable.auto.commit": False, "log_level": 0}
    )
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        read, first, started, deadline = 0, 0, 0.0, time.monotonic() + 30
        while read < RECORDS:
            for record in consumer.consume(1000, 0.5):
                if record.error() is None:
                    json.loads(record.value() or b"")
                    read += 1
            if read and not first:  # measured from the first batch on: connecting is not reading
                first, started = read, time.monotonic()
            if time.monotonic() > deadline:
                raise PlatformError("Kafka did not give back the measured records in 30 s")
        return (read - first) / (time.monotonic() - started)
    finally:
        consumer.close()


async def answers_per_second(gateway_url: str) -> float:
    """Requests a second that Envoy answers without any service (an unknown path), over kept connections."""
    address = urlsplit(gateway_url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    request = f"GET /no-such-path HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    askers = [(await loop.create_connection(lambda: _Asker(request), host, port))[1] for _ in range(CONNECTIONS)]
    await asyncio.sleep(SECONDS)
    rate = sum(asker.answered for asker in askers) / (time.monotonic() - started)
    for asker in askers:
        asker.close()
    if rate == 0:
        raise PlatformError("Envoy could not be measured: it answered nothing")
    return rate


class _Asker(asyncio.Protocol):
    """Asks again as soon as it is answered. A client library would cost more than what is measured."""

    def __init__(self, request: bytes) -> None:
        self.answered = 0
        self._request = request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class, but by its methods
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if b"HTTP/1.1 " in data:  # a head and its short body come in one piece; a second piece begins no answer
            self.answered += 1
            self._transport.write(self._request)

    def close(self) -> None:
        self._transport.close()

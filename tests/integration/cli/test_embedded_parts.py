"""PostgreSQL and Kafka from packages: data survives a stop, a kill -9 of either, and one of the supervisor."""

import os
import signal
from collections.abc import Callable
from functools import partial

import psutil
import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from cli.instance import Instance
from tests.integration.cli.supervised import Running, eventually, gone

QUIET = {"log_level": 0}
TOPIC = "order.events"


def started(running: Running) -> Instance:
    """Both ready, databases and topics made."""
    eventually(lambda: any(event["kind"] in {"started", "failed"} for event in running.events()[running.seen :]), 90)
    assert running.events()[-1]["kind"] == "started"
    return Instance(running.data)


def restarted(running: Running, name: str) -> bool:
    row = running.row(name)
    return bool(row["ready"] and row["restarts"])


def write(instance: Instance, text: str) -> None:
    with psycopg.connect(instance.database_url("order"), connect_timeout=10) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", (text,))
    producer = Producer({"bootstrap.servers": instance.kafka_bootstrap, "acks": "all", **QUIET})
    producer.produce(TOPIC, text.encode(), partition=0)
    assert producer.flush(20) == 0


def read(instance: Instance) -> tuple[list[str], list[str]]:
    """What the database and the topic hold."""
    with psycopg.connect(instance.database_url("order"), connect_timeout=10) as connection:
        rows = [str(row[0]) for row in connection.execute("SELECT text FROM note ORDER BY text")]
    return rows, messages(instance.kafka_bootstrap, len(rows))


def messages(bootstrap: str, count: int) -> list[str]:
    settings = {"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "earliest", **QUIET}
    consumer = Consumer({**settings, "enable.auto.commit": False})
    try:
        consumer.subscribe([TOPIC])
        found: list[str] = []

        def enough() -> bool:
            found.extend(
                (message.value() or b"").decode() for message in consumer.consume(count, 0.2) if not message.error()
            )
            return len(found) >= count

        eventually(enough)
        return sorted(found)
    finally:
        consumer.close()


def test_what_was_written_survives_every_kind_of_end(embedded: Callable[[], Running]) -> None:
    running = embedded()
    instance = started(running)
    write(instance, "1: before anything")

    for name in ("postgres", "kafka"):
        os.kill(running.ready(name), signal.SIGKILL)
        eventually(partial(restarted, running, name))
    write(instance, "2: after kill -9 of both")

    pids = [running.ready("postgres"), running.ready("kafka")]
    children = [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
    running.process.kill()
    running.process.wait()
    for pid in (*pids, *children):
        eventually(partial(gone, pid))

    running = embedded()
    instance = started(running)
    write(instance, "3: after kill -9 of the supervisor")
    assert running.stop() == 0

    running = embedded()
    instance = started(running)
    expected = ["1: before anything", "2: after kill -9 of both", "3: after kill -9 of the supervisor"]
    assert read(instance) == (expected, expected)
    if os.geteuid() == 0:
        assert psutil.Process(running.ready("postgres")).username() == "nobody"


def test_each_service_has_its_own_database_and_no_other_and_topics_come_from_the_manifests(
    embedded: Callable[[], Running],
) -> None:
    instance = started(embedded())
    admin = AdminClient({"bootstrap.servers": instance.kafka_bootstrap, **QUIET})
    assert {"order.events", "order.replies", "product.commands", "payment.commands"} <= admin.list_topics(
        timeout=10
    ).topics.keys()
    with psycopg.connect(instance.database_url("payment"), connect_timeout=10) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("payment", "payment")
    foreign = instance.database_url("payment").removesuffix("payment") + "order"
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(foreign, connect_timeout=10)

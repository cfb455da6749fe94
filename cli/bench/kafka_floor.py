"""What Kafka does at most on this machine, by one client on the same cores."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it names no exports

from cli.platform.errors import PlatformError

RECORDS = 50_000
RECORD_BYTES = 400
PARTITIONS = 6


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

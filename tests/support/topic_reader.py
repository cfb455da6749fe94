"""Reads all a topic holds, from its beginning."""

import time
from uuid import uuid4

from confluent_kafka import Consumer, Message


def read(bootstrap: str, topic: str, count: int, seconds: float = 30.0) -> list[Message]:
    """At least `count` records, in each partition's order. Raises TimeoutError with how many there were."""
    client = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"reader-{uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "allow.auto.create.topics": False,
            "log_level": 0,
        }
    )
    found: list[Message] = []
    deadline = time.monotonic() + seconds
    try:
        client.subscribe([topic])
        while len(found) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} records in {topic}")
            found += [raw for raw in client.consume(1000, 0.1) if raw.error() is None]
        found += [raw for raw in client.consume(1000, 0.2) if raw.error() is None]
    finally:
        client.close()
    return found

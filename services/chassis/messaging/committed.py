"""How far a consumer group has come, read without joining it."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from services.chassis.retry import Backoff

Partition = tuple[str, int]
"""A topic's name and the number of its partition."""
_ELECTING = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}


def committed(
    client: Mapping[str, Any], group: str, partitions: Iterable[Partition], seconds: float
) -> dict[Partition, int]:
    """The offset each partition is read to; those the group never committed are left out. Blocks up to `seconds`.

    `client`: the address of the brokers, and how to sign in. Raises KafkaException.

    The admin API has a request for this, but while a coordinator is being elected, as on a new Kafka, its answer ends
    the process: librdkafka (seen with 2.16) then looks for a consumer group, which an admin client does not have.
    """
    consumer = Consumer({**client, "group.id": group, "enable.auto.commit": False, "log_level": 0})
    asked, deadline = [TopicPartition(*partition) for partition in partitions], time.monotonic() + seconds
    try:
        for pause in Backoff(first=0.1, limit=0.5):
            try:
                found = consumer.committed(asked, max(0.0, deadline - time.monotonic()))
            except KafkaException as error:
                if error.args[0].code() not in _ELECTING or time.monotonic() > deadline:
                    raise
                time.sleep(pause)
            else:
                break
    finally:
        consumer.close()
    for each in found:
        if each.error is not None:
            raise KafkaException(each.error)
    return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

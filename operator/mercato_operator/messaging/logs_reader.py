"""Reads how far consumer groups have come, by a few requests for all topics together."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # it names no exports

from mercato_operator.connection import Connection, KafkaAdminError
from mercato_operator.messaging.letters_reader import Letters
from mercato_operator.messaging.progress import NOTHING_KNOWN, Extent, Logs, Partition, Read

log = logging.getLogger(__name__)

HUNG_AFTER: Final = 60.0
"""Seconds for one look."""


class LogsReader:
    """Looks at Kafka in a thread of its own; a look that fails tells nothing, and the next one may."""

    def __init__(self, connect: Callable[[], Connection], letters: Letters) -> None:
        self._connect, self._letters = connect, letters
        self._thread = ThreadPoolExecutor(1, "kafka-offsets")

    async def look(self, reads: Sequence[Read]) -> Logs:
        """What is known now."""
        if not reads:
            return NOTHING_KNOWN
        try:
            async with asyncio.timeout(HUNG_AFTER):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, reads)
        except (KafkaAdminError, TimeoutError) as error:
            log.warning("lag is not known for the moment: %s", error or type(error).__name__)
            if isinstance(error, TimeoutError):
                await self.close()
                self._thread = ThreadPoolExecutor(1, "kafka-offsets")
            return NOTHING_KNOWN

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look(self, reads: Sequence[Read]) -> Logs:
        # A client of its own for each look, as for each pass: kafka_backend.py says why.
        connection = self._connect()
        logs = {name: count for read in reads for name, count in read.logs().items()}
        letters = {name: 1 for read in reads for name in read.letters()}
        extents = _extents(connection, logs | letters)
        groups = sorted({group for read in reads for group in read.groups})
        buried = {partition: extent for partition, extent in extents.items() if partition[0] in letters}
        return Logs(extents, _committed(connection, groups), self._letters.count(buried))


def _extents(connection: Connection, topics: Mapping[str, int]) -> dict[Partition, Extent]:
    partitions = [TopicPartition(name, number) for name, count in topics.items() for number in range(count)]
    low = _offsets(connection, partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    high = _offsets(connection, partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    return {partition: Extent(low[partition], high[partition]) for partition in low.keys() & high.keys()}


def _offsets(connection: Connection, partitions: list[TopicPartition], spec: OffsetSpec) -> dict[Partition, int]:
    asked = dict.fromkeys(partitions, spec)
    futures = connection.call(
        "read offsets", lambda: connection.client.list_offsets(asked, request_timeout=connection.timeout)
    )
    found: dict[Partition, int] = {}
    for partition, future in futures.items():
        try:
            found[partition.topic, partition.partition] = connection.wait("read offsets", future).offset
        except KafkaAdminError as error:  # a topic may be gone, or not there yet
            if error.code != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
    return found


def _committed(connection: Connection, groups: Sequence[str]) -> dict[str, dict[Partition, int]]:
    """All requests are under way at once: Kafka takes one group in each."""
    asked = {group: _ask(connection, group) for group in groups}
    committed: dict[str, dict[Partition, int]] = {}
    for group, future in asked.items():
        found = connection.wait(f"read offsets of {group}", future, but=KafkaError.GROUP_ID_NOT_FOUND)
        parts = found.topic_partitions if found else ()
        committed[group] = {(p.topic, p.partition): p.offset for p in parts if p.offset >= 0}
    return committed


def _ask(connection: Connection, group: str) -> "Future[Any]":
    asked, limits = [ConsumerGroupTopicPartitions(group)], {"request_timeout": connection.timeout}
    futures: dict[str, Future[Any]] = connection.call(
        "read committed offsets", lambda: connection.client.list_consumer_group_offsets(asked, **limits)
    )
    return futures[group]

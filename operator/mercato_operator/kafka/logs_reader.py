"""Reads how far consumer groups have come, by a few requests for all topics together."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # it names no exports

from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.letters_reader import Letters
from mercato_operator.kafka.progress import NOTHING_KNOWN, Extent, Logs, Partition, Read
from services.chassis.messaging.committed import committed

log = logging.getLogger(__name__)

HUNG_AFTER: Final = 60.0
"""Seconds for one look."""


class LogsReader:
    """Looks at Kafka in a thread of its own; a look that fails tells nothing, and the next one may.

    `client`: the address of the brokers, and how to sign in.
    """

    def __init__(self, connect: Callable[[], Connection], client: Mapping[str, str], letters: Letters) -> None:
        self._connect, self._client, self._letters = connect, client, letters
        self._connection: Connection | None = None
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
        self._connection = None
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._letters.close()

    def _look(self, reads: Sequence[Read]) -> Logs:
        if self._connection is None:
            self._connection = self._connect()
        logs = {name: count for read in reads for name, count in read.logs().items()}
        letters = {name: 1 for read in reads for name in read.letters()}
        extents = _extents(self._connection, logs | letters)
        buried = {partition: extent for partition, extent in extents.items() if partition[0] in letters}
        return Logs(extents, self._committed(self._connection, reads, extents), self._letters.count(buried))

    def _committed(
        self, connection: Connection, reads: Sequence[Read], extents: Collection[Partition]
    ) -> dict[str, dict[Partition, int]]:
        read: dict[str, set[str]] = {}
        for each in reads:
            for group in each.groups:
                read.setdefault(group, set()).update(each.logs())
        found: dict[str, dict[Partition, int]] = {}
        for group, names in sorted(read.items()):
            partitions = [each for each in extents if each[0] in names]
            ask = partial(committed, self._client, group, partitions, connection.timeout)
            found[group] = connection.call(f"read offsets of {group}", ask)
        return found


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

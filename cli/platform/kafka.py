"""Kafka read from outside: topics, offsets, what groups have committed, and whole logs."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # it names no exports

from cli.platform.errors import PlatformError
from cli.platform.sites import Internals
from services.chassis.messaging.committed import Partition, committed

TIMEOUT = 10.0
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Extent:
    """The offsets a partition holds: from `low` up to, but without, `high`."""

    low: int
    high: int


class Kafka:
    """Raises PlatformError with one line when Kafka does not answer."""

    def __init__(self, site: Internals) -> None:
        self.site = site
        self._bootstrap = site.broker.bootstrap
        self._client = site.broker.client
        self._admin = AdminClient({**self._client, "socket.timeout.ms": int(TIMEOUT * 1000)})

    def topics(self) -> dict[str, int]:
        """Partitions of each topic of the platform, by name; Kafka's own are left out."""
        metadata = self._do(lambda: self._admin.list_topics(timeout=TIMEOUT))
        return {
            name: len(topic.partitions)
            for name, topic in sorted(metadata.topics.items())
            if not name.startswith("__") and topic.error is None
        }

    def extents(self, topics: Mapping[str, int]) -> dict[Partition, Extent]:
        """What each partition holds now."""
        partitions = [TopicPartition(name, number) for name, count in topics.items() for number in range(count)]
        low = self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        high = self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        return {partition: Extent(low[partition], high[partition]) for partition in low}

    def groups(self) -> list[str]:
        """The consumer groups there are."""
        listed = self._do(lambda: self._admin.list_consumer_groups(request_timeout=TIMEOUT).result(TIMEOUT))
        return sorted(group.group_id for group in listed.valid)

    def committed(self, groups: Iterable[str], partitions: Collection[Partition]) -> dict[str, dict[Partition, int]]:
        """By group, the offset each partition is read to; partitions it never committed are left out."""
        return {
            group: self._do(lambda group=group: committed(self._client, group, partitions, TIMEOUT)) for group in groups
        }

    def read(self, topics: Sequence[str]) -> Iterator[Record]:
        """Every record of the topics, from the first to what is there now; in order within each partition."""
        counts = self.topics()
        extents = self.extents({name: counts[name] for name in topics if name in counts})
        ends = {partition: extent.high for partition, extent in extents.items() if extent.high > extent.low}
        if not ends:
            return
        consumer = Consumer(
            {
                **self._client,
                "group.id": "mercato-cli",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": 65536,
            }
        )
        try:
            consumer.assign([TopicPartition(*partition, extents[partition].low) for partition in ends])
            yield from self._until(consumer, ends)
        finally:
            consumer.close()

    def _until(self, consumer: Consumer, ends: dict[Partition, int]) -> Iterator[Record]:
        silent = 0
        while ends:
            records = consumer.consume(BATCH, 0.2)
            silent = 0 if records else silent + 1
            if silent > TIMEOUT / 0.2:
                raise PlatformError(f"Kafka at {self._bootstrap} does not answer: see {self.site.remedies.status}")
            for record in records:
                partition = str(record.topic()), int(record.partition() or 0)
                error = record.error()
                if error is not None:
                    # At the end of a partition whose last offsets hold no record (a transaction's marker).
                    if error.code() == KafkaError._PARTITION_EOF:
                        ends.pop(partition, None)
                    elif not error.retriable() and error.code() >= 0:
                        raise self._failure(KafkaException(error))
                    continue
                end = ends.get(partition)
                offset = int(record.offset() or 0)
                if end is None or offset >= end:
                    continue
                yield record
                if offset + 1 >= end:
                    del ends[partition]

    def _offsets(self, partitions: Sequence[TopicPartition], spec: OffsetSpec) -> dict[Partition, int]:
        if not partitions:
            return {}
        asked = dict.fromkeys(partitions, spec)
        futures: Mapping[TopicPartition, Future[Any]] = self._do(
            lambda: self._admin.list_offsets(asked, request_timeout=TIMEOUT)
        )
        return {
            (partition.topic, partition.partition): self._do(lambda f=future: f.result(TIMEOUT)).offset
            for partition, future in futures.items()
        }

    def _do(self, request: Any) -> Any:
        try:
            return request()
        except KafkaException as error:
            raise self._failure(error) from error
        except TimeoutError as error:
            raise PlatformError(f"Kafka at {self._bootstrap} did not answer in {TIMEOUT:.0f} s") from error

    def _failure(self, error: KafkaException) -> PlatformError:
        return PlatformError(f"Kafka at {self._bootstrap}: {error.args[0].str()}: see {self.site.remedies.status}")


def lag(extents: Mapping[Partition, Extent], committed: Mapping[Partition, int], topics: Sequence[str]) -> int:
    """Records on `topics` that a group has not committed yet."""
    wanted = set(topics)
    return sum(
        max(0, extent.high - max(committed.get(partition, 0), extent.low))
        for partition, extent in extents.items()
        if partition[0] in wanted
    )


def text_headers(record: Record) -> dict[str, str]:
    """A record's headers as text."""
    headers: Any = record.headers() or []
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


def location(record: Record) -> str:
    """`topic/partition/offset`."""
    return f"{record.topic()}/{record.partition()}/{record.offset()}"

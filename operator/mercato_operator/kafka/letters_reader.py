"""Counts open dead letters: each record is read once, and what is settled is taken off.

A letter that was replayed or discarded is settled by a later record of the same topic whose header `mercato-settled`
holds `<partition>/<offset>` of the letter (docs/how-to/handle-dead-letters.md).
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from mercato_operator.kafka.progress import Extent, Partition

log = logging.getLogger(__name__)

SETTLED: Final = "mercato-settled"
_BATCH: Final = 1000
_SECONDS: Final = 10.0
"""For one look; what is left is read by the next."""


class Letters(Protocol):
    """Open dead letters by topic."""

    def count(self, extents: Mapping[Partition, Extent]) -> Mapping[str, int]:
        """Topics whose letters are not all known yet are left out. May block for some seconds."""

    def close(self) -> None:
        """Gives up the connection."""


class LettersReader:
    """For one thread. `connect` makes a consumer that commits nothing."""

    def __init__(self, connect: Callable[[], Consumer]) -> None:
        self._connect = connect
        self._consumer: Consumer | None = None
        self._next: dict[Partition, int] = {}
        self._open: dict[Partition, set[int]] = {}

    def count(self, extents: Mapping[Partition, Extent]) -> Mapping[str, int]:
        for partition, extent in extents.items():
            if self._next.get(partition, 0) > extent.high:  # the topic was made anew
                self._next.pop(partition)
                self._open.pop(partition, None)
        behind = {p: e.high for p, e in extents.items() if max(self._next.get(p, 0), e.low) < e.high}
        if behind:
            self._read(behind, {p: max(self._next.get(p, 0), extents[p].low) for p in behind})
        counts: dict[str, int] = {}
        for partition, extent in extents.items():
            if partition not in behind:
                alive = {offset for offset in self._open.get(partition, ()) if offset >= extent.low}
                self._open[partition] = alive
                counts[partition[0]] = counts.get(partition[0], 0) + len(alive)
        return counts

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _read(self, behind: dict[Partition, int], begin: Mapping[Partition, int]) -> None:
        """Up to the ends in `behind`, from which each partition goes that was read to its end."""
        deadline = time.monotonic() + _SECONDS
        try:
            if self._consumer is None:
                self._consumer = self._connect()
            self._consumer.assign([TopicPartition(*partition, offset) for partition, offset in begin.items()])
            while behind and time.monotonic() < deadline:
                for record in self._consumer.consume(_BATCH, 0.2):
                    self._take(record, behind)
            self._consumer.unassign()
        except KafkaException as error:
            log.warning("dead letters are not counted for the moment: %s", error.args[0].str())
            self.close()

    def _take(self, record: Any, behind: dict[Partition, int]) -> None:
        partition = str(record.topic()), int(record.partition())
        if (error := record.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # its last offsets may hold no record
                self._next[partition] = behind.pop(partition, self._next.get(partition, 0))
            return
        offset = int(record.offset())
        self._next[partition] = offset + 1
        settled = dict(record.headers() or ()).get(SETTLED)
        if settled is None:
            self._open.setdefault(partition, set()).add(offset)
        else:
            number, _, letter = settled.decode(errors="replace").partition("/")
            if number.isdecimal() and letter.isdecimal():
                self._open.get((partition[0], int(number)), set()).discard(int(letter))
        if offset + 1 >= behind.get(partition, 0):
            behind.pop(partition, None)


def consumer(configuration: Mapping[str, str]) -> Consumer:
    """`configuration`: the address of the brokers, and how to sign in."""
    return Consumer(
        {
            **configuration,
            "group.id": "mercato-operator",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 4096,
            "log_level": 0,
        }
    )

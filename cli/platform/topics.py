"""Topics, who reads them and how far, and what waits in the outboxes."""

from dataclasses import asdict, dataclass
from typing import Any

from cli.platform.databases import Databases
from cli.platform.kafka import Extent, Kafka, lag
from cli.platform.letter_box import LetterBox
from cli.platform.letters import is_dead_letter_topic
from services.chassis.messaging.committed import Partition


@dataclass(frozen=True, slots=True)
class Topic:
    """`messages` is what the log holds now; `lag` maps consumer groups to messages they have not committed."""

    name: str
    partitions: int
    messages: int
    lag: dict[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """`outbox` maps services to rows that wait; `dead_letters` counts the open ones."""

    topics: list[Topic]
    outbox: dict[str, int]
    dead_letters: int

    def document(self) -> dict[str, Any]:
        return asdict(self)


def report(kafka: Kafka, databases: Databases) -> Report:
    """The state of the messaging. Raises PlatformError."""
    counts = kafka.topics()
    extents = kafka.extents(counts)
    committed = kafka.committed(kafka.groups(), extents)
    topics = [
        Topic(name, count, _messages(name, extents), _lags(name, extents, committed)) for name, count in counts.items()
    ]
    open_letters = LetterBox(kafka).open() if any(is_dead_letter_topic(name) for name in counts) else []
    return Report(topics, databases.outbox_backlog(), len(open_letters))


def _messages(name: str, extents: dict[Partition, Extent]) -> int:
    return sum(extent.high - extent.low for partition, extent in extents.items() if partition[0] == name)


def _lags(name: str, extents: dict[Partition, Extent], committed: dict[str, dict[Partition, int]]) -> dict[str, int]:
    """The lag of each group that ever committed something of the topic."""
    lags: dict[str, int] = {}
    for group, offsets in sorted(committed.items()):
        if any(topic == name for topic, _ in offsets):
            lags[group] = lag(extents, offsets, [name])
    return lags

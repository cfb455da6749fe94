"""How far consumer groups have come: what the logs hold, what groups have committed, and the difference. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Extent:
    """The offsets a partition holds: from `low` up to, but without, `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Logs:
    """One look at Kafka. `committed` is by group; `letters` are the open dead letters of a dead-letter topic."""

    extents: Mapping[Partition, Extent]
    committed: Mapping[str, Mapping[Partition, int]]
    letters: Mapping[str, int]

    def lag(self, group: str, topics: Collection[str]) -> int | None:
        """Messages of the topics that the group has not committed; None where that could not be looked at.

        A group that has never committed has all of them before it.
        """
        if group not in self.committed:
            return None
        offsets = self.committed[group]
        return sum(
            max(0, extent.high - max(offsets.get(partition, 0), extent.low))
            for partition, extent in self.extents.items()
            if partition[0] in topics
        )

    def dead_letters(self, topic: str, group: str) -> int | None:
        """Open ones; None where that could not be looked at."""
        return self.letters.get(f"{topic}.{group}.dead-letter")


NOTHING_KNOWN = Logs({}, {}, {})


@dataclass(frozen=True, slots=True)
class Read:
    """What is read: a topic with its partitions, the groups that read it, and whether they have retry topics."""

    topic: str
    partitions: int
    groups: tuple[str, ...]
    retried: bool
    buried: bool

    def logs(self) -> dict[str, int]:
        """The topics whose offsets matter, with their partitions."""
        retries = {f"{self.topic}.{group}.retry": self.partitions for group in self.groups if self.retried}
        return {self.topic: self.partitions, **retries}

    def letters(self) -> list[str]:
        """The dead-letter topics."""
        return [f"{self.topic}.{group}.dead-letter" for group in self.groups if self.buried]

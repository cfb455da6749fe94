"""Open dead letters are counted by reading each record once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from mercato_operator.kafka.letters_reader import LettersReader
from mercato_operator.kafka.progress import Extent, Logs

TOPIC = "t.a.dead-letter"


@dataclass
class Record:
    """A record of the one partition."""

    at: int
    settles: str | None = None

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at

    def error(self) -> None:
        return None

    def headers(self) -> list[tuple[str, bytes]] | None:
        return None if self.settles is None else [("mercato-settled", self.settles.encode())]


class Log:
    """A consumer of one log; `read` counts the records that were handed out."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.read = 0
        self._position = 0

    def assign(self, partitions: list[Any]) -> None:
        self._position = partitions[0].offset

    def unassign(self) -> None:
        pass

    def close(self) -> None:
        pass

    def consume(self, _count: int, _timeout: float) -> list[Record]:
        found = [record for record in self.records if record.at >= self._position]
        self._position, self.read = len(self.records), self.read + len(found)
        return found

    def add(self, settles: str | None = None) -> None:
        self.records.append(Record(len(self.records), settles))

    def extents(self, low: int = 0) -> Mapping[tuple[str, int], Extent]:
        return {(TOPIC, 0): Extent(low, len(self.records))}


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def count(log: Any) -> Callable[..., int]:
    reader = LettersReader(lambda: log)
    return lambda low=0: reader.count(log.extents(low))[TOPIC]


def test_letters_are_open_until_they_are_settled(log: Log, count: Callable[..., int]) -> None:
    assert count() == 0
    log.add()
    log.add()
    assert count() == 2
    log.add(settles="0/1")
    assert count() == 1


def test_each_record_is_read_once(log: Log, count: Callable[..., int]) -> None:
    log.add()
    count()
    log.add()
    count()
    count()
    assert log.read == 2


def test_letters_that_kafka_has_let_go_are_open_no_more(log: Log, count: Callable[..., int]) -> None:
    log.add()
    log.add()
    count()
    assert count(low=1) == 1


def test_a_topic_that_was_made_anew_is_read_anew(log: Log, count: Callable[..., int]) -> None:
    log.add()
    log.add()
    count()
    log.records = [Record(0)]
    assert count() == 1


def test_a_marker_that_means_nothing_is_passed_over(log: Log, count: Callable[..., int]) -> None:
    log.add()
    log.add(settles="nonsense")
    assert count() == 1


def test_lag_is_what_a_group_has_not_committed_of_what_is_there() -> None:
    extents = {("t", 0): Extent(5, 10), ("t", 1): Extent(0, 3), ("other", 0): Extent(0, 100)}
    logs = Logs(extents, {"a": {("t", 0): 8}, "new": {}}, {})
    assert logs.lag("a", {"t"}) == 2 + 3
    assert logs.lag("new", {"t"}) == 5 + 3
    assert logs.lag("unknown", {"t"}) is None

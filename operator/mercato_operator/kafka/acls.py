"""What each service may do in Kafka, derived from the topics it produces to and consumes. Pure: no Kafka."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mercato_operator.kafka.topics import OrderTopic

Operation = Literal["Describe", "Read", "Write"]


@dataclass(frozen=True, slots=True, order=True)
class Access:
    """One operation on one topic or consumer group, named literally."""

    kind: Literal["group", "topic"]
    name: str
    operation: Operation


def access(topics: Sequence[OrderTopic]) -> dict[str, frozenset[Access]]:
    """By user (the service's name): only what the topics' `producers` and `consumers` say.

    A consumer also reads and writes its retry topic, writes its dead letters, and is a member of its own group.
    """
    granted: dict[str, set[Access]] = {}
    for topic in topics:
        for producer in topic.spec.producers:
            granted.setdefault(producer, set()).update(_on_topic(topic.name, "Write"))
        for consumer in topic.spec.consumers:
            mine = granted.setdefault(consumer, set())
            mine.update(_on_topic(topic.name, "Read"))
            if topic.spec.retry.enabled:
                mine.update(_on_topic(f"{topic.name}.{consumer}.retry", "Read", "Write"))
            if topic.spec.dead_letter.enabled:
                mine.update(_on_topic(f"{topic.name}.{consumer}.dead-letter", "Write"))
            mine.add(Access("group", consumer, "Read"))
    return {user: frozenset(mine) for user, mine in granted.items()}


def observing(topics: Iterable[str], groups: Iterable[str]) -> frozenset[Access]:
    """For one who reads these topics and how far these groups have come, and puts dead letters back."""
    logs = {access for name in topics for access in _on_topic(name, "Read", "Write")}
    return frozenset(logs | {Access("group", name, operation) for name in groups for operation in ("Describe", "Read")})


def _on_topic(name: str, *operations: Operation) -> set[Access]:
    return {Access("topic", name, operation) for operation in ("Describe", *operations)}

"""Kafka's admin API for topics: create what is missing, change what differs, remove only what is named.

Each request is for all topics together; a topic that Kafka refuses keeps no other from being seen to.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError
from confluent_kafka.admin import NewPartitions, NewTopic, TopicMetadata  # type: ignore[attr-defined]  # no exports

from mercato_operator.kafka.backend import REFUSED, UNAVAILABLE, Fault, Outcome
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.faults import fault_of
from mercato_operator.kafka.topic_configuration import configure
from mercato_operator.kafka.topics import Topic, in_metrics

_KNOWN_WITHIN = 10.0
"""Seconds until all brokers have heard of a new topic."""


class KafkaTopics:
    """Brings Kafka's topics to the declared state; each call may be repeated. Raises KafkaAdminError without Kafka."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._client = connection, connection.client

    def bring(self, topics: Sequence[Topic]) -> dict[str, Outcome]:
        """What became of each, by name."""
        present = self._present()
        done: dict[str, list[str]] = {topic.name: [] for topic in topics}
        faults: dict[str, Fault] = {}
        missing = [topic for topic in topics if topic.name not in present]
        faults |= collisions(missing, present)
        made = self._create([topic for topic in missing if topic.name not in faults], done, faults)
        if missing:  # also what somebody else, or we before a crash, have asked for just now
            present = self._present()
        existing = [topic for topic in topics if topic.name in present.keys() - faults.keys() - made]
        counts = {topic.name: len(present[topic.name].partitions) for topic in existing}
        counts |= {topic.name: topic.partitions for topic in topics if topic.name in made}
        self._grow([topic for topic in existing if topic.partitions != counts[topic.name]], counts, done, faults)
        for topic in existing:
            if (kept := _replicas(present[topic.name])) != topic.replicas:
                text = f"keeps {kept} replicas; {topic.replicas} are declared: reassign them, or declare {kept}"
                faults.setdefault(topic.name, Fault("ReplicasDiffer", text))
        for name, (changes, fault) in configure(self._connection, existing).items():
            done[name] += changes
            if fault:
                faults[name] = fault
        for name in done.keys() - counts.keys() - faults.keys():
            faults[name] = Fault(UNAVAILABLE, f"{name} came and went meanwhile: it is looked at again", unknown=True)
        return {name: Outcome(tuple(lines), faults.get(name), counts.get(name)) for name, lines in done.items()}

    def remove(self, names: Collection[str]) -> dict[str, Outcome]:
        """Without a fault, the topic is gone, with all its messages."""
        present = self._present().keys()
        outcomes = {name: Outcome() for name in names}
        if doomed := [name for name in names if name in present]:
            futures = self._ask("delete topics", lambda **limits: self._client.delete_topics(doomed, **limits))
            for name in doomed:
                outcomes[name] = self._removed(name, futures[name])
        return outcomes

    def _removed(self, name: str, future: "Future[Any]") -> Outcome:
        gone = KafkaError.UNKNOWN_TOPIC_OR_PART
        try:
            done = self._connection.wait(f"delete topic {name}", future, but=gone)
        except KafkaAdminError as error:
            return Outcome(fault=fault_of(error))
        return Outcome((f"deleted topic {name} with its messages",) if done else ())

    def _create(self, topics: Sequence[Topic], done: dict[str, list[str]], faults: dict[str, Fault]) -> set[str]:
        """Names of those that are new."""
        if not topics:
            return set()
        wanted = [NewTopic(t.name, t.partitions, t.replicas, config=t.config) for t in topics]
        futures = self._ask("create topics", lambda **limits: self._client.create_topics(wanted, **limits))
        made = set()
        for topic in topics:
            exists, what = KafkaError.TOPIC_ALREADY_EXISTS, f"create topic {topic.name}"
            try:
                if self._connection.wait(what, futures[topic.name], but=exists):
                    made.add(topic.name)
                    done[topic.name].append(f"created with {topic.partitions} partitions")
            except KafkaAdminError as error:
                faults[topic.name] = fault_of(error)
        self._until_known({topic.name for topic in topics if topic.name not in faults})
        return made

    def _present(self) -> Mapping[str, TopicMetadata]:
        timeout = self._connection.timeout
        metadata = self._connection.call("list topics", lambda: self._client.list_topics(timeout=timeout))
        return {name: topic for name, topic in metadata.topics.items() if topic.error is None}

    def _until_known(self, names: set[str]) -> None:
        """A broker hears of a new topic a moment later; whoever writes to it before fails."""
        deadline = time.monotonic() + _KNOWN_WITHIN
        while names and (unknown := names - self._present().keys()):
            if time.monotonic() > deadline:
                raise KafkaAdminError(
                    f"{self._connection.bootstrap} does not know {', '.join(sorted(unknown))} yet; try again"
                )
            time.sleep(0.05)

    def _grow(
        self, topics: Sequence[Topic], counts: dict[str, int], done: dict[str, list[str]], faults: dict[str, Fault]
    ) -> None:
        growing = []
        for topic in topics:
            if fault := partitions_fault(topic, counts[topic.name]):
                faults[topic.name] = fault
            else:
                growing.append(topic)
        if not growing:
            return
        grown = [NewPartitions(topic.name, topic.partitions) for topic in growing]
        futures = self._ask("create partitions", lambda **limits: self._client.create_partitions(grown, **limits))
        for topic in growing:
            try:
                self._connection.wait(f"grow topic {topic.name}", futures[topic.name])
            except KafkaAdminError as error:
                faults[topic.name] = fault_of(error)
            else:
                done[topic.name].append(f"grown from {counts[topic.name]} to {topic.partitions} partitions")
                counts[topic.name] = topic.partitions

    def _ask(self, what: str, request: Callable[..., Any]) -> Mapping[str, "Future[Any]"]:
        timeout = self._connection.timeout
        futures: Mapping[str, Future[Any]] = self._connection.call(
            what, lambda: request(operation_timeout=timeout, request_timeout=timeout)
        )
        return futures


def collisions(missing: Sequence[Topic], present: Collection[str]) -> dict[str, Fault]:
    """Why Kafka does not take those: their names are not those of topics it has, and still the same to its metrics."""
    there = {in_metrics(name): name for name in present}
    return {
        topic.name: Fault(
            REFUSED,
            f"{topic.name} cannot be beside topic {there[in_metrics(topic.name)]}, which Kafka has already, since its "
            "metrics take . and _ for the same: remove that one, or declare another name",
        )
        for topic in missing
        if in_metrics(topic.name) in there
    }


def partitions_fault(topic: Topic, now: int) -> Fault | None:
    """Why a topic with `now` partitions does not get those declared."""
    if topic.partitions < now:
        text = f"keeps {now} partitions; {topic.partitions} are declared, but they never shrink: declare {now}"
        return Fault("PartitionsNeverShrink", text)
    if topic.partitions > now and not topic.allow_repartition:
        remedy = "set spec.allowRepartition; keys then move, and their order breaks once"
        text = f"keeps {now} partitions; to have the {topic.partitions} declared, {remedy}"
        return Fault("RepartitionNotAllowed", text)
    return None


def _replicas(topic: TopicMetadata) -> int:
    return min(len(partition.replicas) for partition in topic.partitions.values())

"""Kafka's admin API as a backend for topics: create what is missing, change what differs, delete nothing."""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
    TopicMetadata,
)

from mercato_operator.connection import TIMEOUT, Connection, KafkaAdminError
from mercato_operator.topics import Topic


class KafkaAdmin:
    """Brings Kafka's topics to the declared state; each call may be repeated."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._client = connection, connection.client

    def ensure(self, topics: Sequence[Topic]) -> list[str]:
        """Lines that say what was done or could not be; none when all was as declared. Raises KafkaAdminError."""
        present = self._present()
        done = self._create([topic for topic in topics if topic.name not in present])
        existing = [topic for topic in topics if topic.name in present]
        for topic in existing:
            partitions = present[topic.name].partitions
            done += self._repartition(topic, len(partitions))
            replicas = min(len(partition.replicas) for partition in partitions.values())
            if replicas != topic.replicas:
                done.append(f"{topic.name}: keeps {replicas} replicas; {topic.replicas} are declared: reassign them")
        return done + self._configure(existing)

    def _create(self, topics: Sequence[Topic]) -> list[str]:
        if not topics:
            return []
        wanted = [NewTopic(t.name, t.partitions, t.replicas, config=t.config) for t in topics]
        futures = self._connection.call(
            "create topics",
            lambda: self._client.create_topics(wanted, operation_timeout=TIMEOUT, request_timeout=TIMEOUT),
        )
        done = []
        for topic in topics:
            if self._connection.wait(
                f"create topic {topic.name}", futures[topic.name], but=KafkaError.TOPIC_ALREADY_EXISTS
            ):
                done.append(f"{topic.name}: created with {topic.partitions} partitions")
        self._until_known({topic.name for topic in topics})
        return done

    def _present(self) -> dict[str, TopicMetadata]:
        metadata = self._connection.call("list topics", lambda: self._client.list_topics(timeout=TIMEOUT))
        return {name: topic for name, topic in metadata.topics.items() if topic.error is None}

    def _until_known(self, names: set[str]) -> None:
        """A broker hears of a new topic a moment later; whoever writes to it before fails."""
        deadline = time.monotonic() + TIMEOUT
        while unknown := names - self._present().keys():
            if time.monotonic() > deadline:
                raise KafkaAdminError(
                    f"{self._connection.bootstrap} does not know {', '.join(sorted(unknown))} yet; try again"
                )
            time.sleep(0.05)

    def _repartition(self, topic: Topic, now: int) -> list[str]:
        if topic.partitions == now:
            return []
        if topic.partitions < now:
            return [f"{topic.name}: keeps {now} partitions; {topic.partitions} are declared, but they never shrink"]
        if not topic.allow_repartition:
            remedy = "set spec.allowRepartition; keys then move, and their order breaks once"
            return [f"{topic.name}: keeps {now} partitions; to have the {topic.partitions} declared, {remedy}"]
        grown = [NewPartitions(topic.name, topic.partitions)]
        futures = self._connection.call(
            "create partitions",
            lambda: self._client.create_partitions(grown, operation_timeout=TIMEOUT, request_timeout=TIMEOUT),
        )
        self._connection.wait(f"grow topic {topic.name}", futures[topic.name])
        return [f"{topic.name}: grown from {now} to {topic.partitions} partitions"]

    def _configure(self, topics: Sequence[Topic]) -> list[str]:
        """Sets what differs; leaves alone what is not declared, which a managed Kafka sets for itself."""
        if not topics:
            return []
        resources = {ConfigResource(ResourceType.TOPIC, topic.name): topic for topic in topics}
        described = self._connection.call(
            "read topic configuration",
            lambda: self._client.describe_configs(list(resources), request_timeout=TIMEOUT),
        )
        done: list[str] = []
        changes: list[ConfigResource] = []
        for resource, topic in resources.items():
            entries = self._connection.wait(f"read configuration of {topic.name}", described[resource])
            differing = {k: v for k, v in topic.config.items() if k not in entries or entries[k].value != v}
            if differing:
                sets = [
                    ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                    for key, value in differing.items()
                ]
                changes.append(ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=sets))
                done.append(f"{topic.name}: set {', '.join(f'{k}={v}' for k, v in sorted(differing.items()))}")
        if changes:
            altered = self._connection.call(
                "change topic configuration",
                lambda: self._client.incremental_alter_configs(changes, request_timeout=TIMEOUT),
            )
            for resource, future in altered.items():
                self._connection.wait(f"configure topic {resource.name}", future)
        return done

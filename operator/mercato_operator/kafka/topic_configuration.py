"""The configuration of Kafka's topics: what differs is set, what is not declared any more goes back to its default."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it names no exports
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ResourceType,
)

from mercato_operator.kafka.backend import Fault
from mercato_operator.kafka.connection import Connection, KafkaAdminError
from mercato_operator.kafka.faults import fault_of
from mercato_operator.kafka.topics import Topic

Result = tuple[list[str], Fault | None]
_RESET = object()


def configure(connection: Connection, topics: Sequence[Topic]) -> dict[str, Result]:
    """Lines that say what was changed, or the fault, by topic. Raises KafkaAdminError.

    Keys that nobody declared, which a managed Kafka sets for itself, are left alone.
    """
    if not topics:
        return {}
    resources = {ConfigResource(ResourceType.TOPIC, topic.name): topic for topic in topics}
    described = connection.call(
        "read topic configuration",
        lambda: connection.client.describe_configs(list(resources), request_timeout=connection.timeout),
    )
    results: dict[str, Result] = {}
    changes: dict[str, ConfigResource] = {}
    for resource, topic in resources.items():
        try:
            entries = connection.wait(f"read configuration of {topic.name}", described[resource])
        except KafkaAdminError as error:
            results[topic.name] = [], fault_of(error)
            continue
        differing = _differing(topic, entries)
        lines = [f"set {', '.join(_shown(key, value) for key, value in sorted(differing.items()))}"]
        results[topic.name] = lines if differing else [], None
        if differing:
            operations = [_operation(key, value) for key, value in differing.items()]
            changes[topic.name] = ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=operations)
    if changes:
        _alter(connection, changes, results)
    return results


def _alter(connection: Connection, changes: Mapping[str, ConfigResource], results: dict[str, Result]) -> None:
    altered = connection.call(
        "change topic configuration",
        lambda: connection.client.incremental_alter_configs(list(changes.values()), request_timeout=connection.timeout),
    )
    for resource, future in altered.items():
        try:
            connection.wait(f"configure topic {resource.name}", future)
        except KafkaAdminError as error:
            results[resource.name] = [], fault_of(error)


def _differing(topic: Topic, entries: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        k: v for k, v in topic.config.items() if k not in entries or not _same(entries[k].value, v)
    }
    own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return found | {key: _RESET for key in topic.reset if key in entries and _source(entries[key]) == own}


def _same(now: str | None, wanted: str) -> bool:
    """Kafka answers with `0.5` and `true` where it was told 0.50 and TRUE."""
    if now is None or now == wanted:
        return now == wanted
    try:
        return Decimal(now) == Decimal(wanted)
    except InvalidOperation:
        return now.lower() == wanted.lower() and now.lower() in {"true", "false"}


def _source(entry: Any) -> int:
    return int(getattr(entry.source, "value", entry.source))


def _operation(key: str, value: Any) -> ConfigEntry:
    if value is _RESET:
        return ConfigEntry(key, None, incremental_operation=AlterConfigOpType.DELETE)
    return ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)


def _shown(key: str, value: Any) -> str:
    return f"{key} to its default" if value is _RESET else f"{key}={value}"

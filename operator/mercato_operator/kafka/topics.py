"""An `OrderTopic` manifest and the concrete topics it stands for. Pure: no Kafka, no Kubernetes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

KIND = "OrderTopic"

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_VALUE = 1000
_RESERVED_CONFIG = {"retention.ms": "spec.retention"}


class InvalidTopicError(ValueError):
    """A manifest cannot be used; the text is one line that names the document, the field and the reason."""


def _duration(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,9}(ms|s|m|h|d)", text):
        raise ValueError("write a duration as a number and ms, s, m, h or d, e.g. 7d")
    return text


def _topic_name(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", text) or text in {".", ".."}:
        raise ValueError("a topic's name is 1 to 249 letters, digits, '.', '_' and '-'")
    if text.startswith("__"):
        raise ValueError("names that begin with __ are Kafka's own: choose another")
    return text


def _config(config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    for key in config.keys() & _RESERVED_CONFIG.keys():
        raise ValueError(f"give {key} as {_RESERVED_CONFIG[key]}")
    return {key: _text(key, value) for key, value in config.items()}


def _text(key: object, value: Any) -> str:
    """As Kafka's admin API takes it, and writes it: else a list with spaces would look changed for ever."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    if isinstance(value, float) and isfinite(value):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, str) and len(value) <= _LONGEST_VALUE:
        return re.sub(r"\s*,\s*", ",", value.strip())
    raise ValueError(f"{key} is to be a text of at most {_LONGEST_VALUE} characters, a number, true or false")


Duration = Annotated[str, AfterValidator(_duration)]
TopicName = Annotated[str, AfterValidator(_topic_name)]
ServiceName = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""Also the consumer group of the service."""


def milliseconds(duration: str) -> int:
    """`7d` in milliseconds."""
    number = duration.rstrip("smhd")
    return int(number) * _UNITS_MS[duration.removeprefix(number)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class DeadLetter(_Part):
    """Where messages go that cannot be handled: one topic for each consumer group."""

    enabled: bool = True
    retention: Duration = "30d"


class Retry(_Part):
    """Where messages wait for another attempt: one topic for each group, whose handler must not care for order."""

    enabled: bool = False
    attempts: int = Field(5, ge=1, le=100)
    backoff: Duration = "1s"


class Spec(_Part):
    topic_name: TopicName | None = None
    partitions: int = Field(ge=1, le=1000)
    replicas: int = Field(1, ge=1, le=100)
    retention: Duration = "7d"
    config: Annotated[dict[str, str], BeforeValidator(_config)] = Field(default_factory=dict)
    dead_letter: DeadLetter = DeadLetter()
    retry: Retry = Retry()
    producers: list[ServiceName] = Field(default_factory=list)
    consumers: list[ServiceName] = Field(default_factory=list)
    deletion_policy: Literal["Retain", "Delete"] = "Retain"
    allow_repartition: bool = Field(
        False, description="grow an existing topic: its keys move to other partitions, and order per key breaks once"
    )

    @model_validator(mode="after")
    def _retried_messages_end_somewhere(self) -> Self:
        if self.retry.enabled and not self.dead_letter.enabled:
            raise ValueError("retry needs deadLetter.enabled: after the last attempt a message goes there")
        return self


class _Metadata(BaseModel):
    name: TopicName


class _Manifest(_Part):
    model_config = ConfigDict(extra="ignore")

    api_version: Literal["mercato.dev/v1alpha1"]
    kind: Literal["OrderTopic"]
    metadata: _Metadata
    spec: Spec


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it is to be in Kafka."""

    name: str
    partitions: int
    replicas: int
    config: dict[str, str] = field(default_factory=dict)
    allow_repartition: bool = False
    reset: frozenset[str] = frozenset()
    """Keys of the configuration that were declared once and are not any more: back to the broker's default."""


@dataclass(frozen=True, slots=True)
class OrderTopic:
    """A validated manifest; `document` says where it was read."""

    document: str
    name: str
    spec: Spec

    def topics(self) -> list[Topic]:
        """The topic itself, then the retry and dead-letter topics of each consumer group."""
        spec = self.spec
        retention = {"retention.ms": str(milliseconds(spec.retention))}
        main = Topic(self.name, spec.partitions, spec.replicas, spec.config | retention, spec.allow_repartition)
        retries = [
            Topic(f"{self.name}.{group}.retry", spec.partitions, spec.replicas, retention, spec.allow_repartition)
            for group in spec.consumers
            if spec.retry.enabled
        ]
        kept = {"retention.ms": str(milliseconds(spec.dead_letter.retention))}
        dead = [
            Topic(f"{self.name}.{group}.dead-letter", 1, spec.replicas, kept)
            for group in spec.consumers
            if spec.dead_letter.enabled
        ]
        return [main, *retries, *dead]


def order_topic(manifest: Any, document: str) -> OrderTopic:
    """A manifest, read. Raises InvalidTopicError."""
    try:
        valid = _Manifest.model_validate(manifest, by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InvalidTopicError(f"{document}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
    found = OrderTopic(document, valid.spec.topic_name or valid.metadata.name, valid.spec)
    for topic in found.topics():
        if len(topic.name) > 249:
            raise InvalidTopicError(f"{document}: spec.topicName: {topic.name} would have more than 249 characters")
    return found


def in_metrics(topic: str) -> str:
    """Two topics of which this is the same cannot be in one Kafka, whose metrics take `.` for `_`."""
    return topic.replace(".", "_")


def concrete(order_topics: Sequence[OrderTopic]) -> list[Topic]:
    """All topics of all manifests. Raises InvalidTopicError when two mean the same one, or Kafka takes them for one."""
    owner: dict[str, tuple[str, str]] = {}
    topics: list[Topic] = []
    for declared in order_topics:
        for topic in declared.topics():
            key, told = in_metrics(topic.name), f"{declared.document}: spec.topicName: {topic.name}"
            if key in owner:
                name, document = owner[key]
                if name == topic.name:
                    raise InvalidTopicError(f"{told} is declared by {document} already")
                raise InvalidTopicError(
                    f"{told} cannot be beside {name}, declared by {document}: Kafka's metrics take . and _ for the same"
                )
            owner[key] = topic.name, declared.document
            topics.append(topic)
    return topics

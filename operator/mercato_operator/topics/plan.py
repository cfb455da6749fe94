"""What Kafka should hold, from all OrderTopics and all uses of services. Pure: no Kafka, no Kubernetes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mercato_operator.kafka.acls import Access, access
from mercato_operator.kafka.topics import OrderTopic, Topic, in_metrics
from mercato_operator.topics.declarations import Declaration, Key
from mercato_operator.topics.uses import Use


@dataclass(frozen=True, slots=True)
class Planned:
    """What one OrderTopic stands for, with the services that name it. `topics[0]` is the topic itself."""

    topics: tuple[Topic, ...]
    groups: tuple[str, ...]
    users: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """`conflicts` say why an object does nothing; `unknown` are the topics that a user asks for and nobody declares."""

    planned: Mapping[Key, Planned]
    conflicts: Mapping[Key, str]
    access: Mapping[str, frozenset[Access]]
    unknown: Mapping[str, frozenset[str]]

    @property
    def topics(self) -> list[Topic]:
        """All of them; each name is there once."""
        return [topic for planned in self.planned.values() for topic in planned.topics]


def user_of(name: str, namespace: str, home: str) -> str:
    """The Kafka user, and consumer group, of a service: its bare name only in the operator's own namespace."""
    return name if namespace == home else f"{namespace}.{name}"


def plan(declarations: Iterable[Declaration], uses: Iterable[Use], home: str) -> Plan:
    """`home` is the operator's own namespace. Objects that are being deleted, or cannot be used, want nothing."""
    uses = list(uses)
    planned: dict[Key, Planned] = {}
    conflicts: dict[Key, str] = {}
    effective: list[OrderTopic] = []
    owners: dict[str, tuple[str, Declaration]] = {}
    for each in sorted(declarations, key=lambda one: one.age):
        if each.declared is None or each.deleting:
            continue
        wanted = _with_uses(each, each.declared, uses, home)
        topics = wanted.topics()
        taken = next((topic.name for topic in topics if in_metrics(topic.name) in owners), None)
        if taken is not None:
            conflicts[each.key] = _conflict(taken, *owners[in_metrics(taken)])
            continue
        owners |= {in_metrics(topic.name): (topic.name, each) for topic in topics}
        effective.append(wanted)
        groups = tuple(wanted.spec.consumers)
        users = frozenset((*groups, *wanted.spec.producers))
        planned[each.key] = Planned((_with_resets(topics[0], each), *topics[1:]), groups, users)
    names = {topic.name for topic in effective}
    unknown = {use.user: (use.consumes | use.produces) - names for use in uses}
    return Plan(planned, conflicts, access(effective), {user: topics for user, topics in unknown.items() if topics})


def _with_uses(each: Declaration, declared: OrderTopic, uses: list[Use], home: str) -> OrderTopic:
    spec = declared.spec
    consumers = [user_of(name, each.namespace, home) for name in spec.consumers]
    producers = [user_of(name, each.namespace, home) for name in spec.producers]
    consumers += sorted(use.user for use in uses if declared.name in use.consumes)
    producers += sorted(use.user for use in uses if declared.name in use.produces)
    names = {"consumers": list(dict.fromkeys(consumers)), "producers": list(dict.fromkeys(producers))}
    return replace(declared, spec=spec.model_copy(update=names))


def _with_resets(topic: Topic, each: Declaration) -> Topic:
    return replace(topic, reset=each.configured - topic.config.keys())


def _conflict(topic: str, owned: str, owner: Declaration) -> str:
    of = f"OrderTopic {owner.namespace}/{owner.name}, which is older"
    remedy = "delete one of the two, or declare another name"
    if topic == owned:
        return f"topic {topic} belongs to {of}: {remedy}"
    why = "Kafka's metrics take . and _ for the same"
    return f"topic {topic} cannot be beside topic {owned} of {of}, since {why}: {remedy}"

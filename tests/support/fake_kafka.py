"""Kafka with topics, users and rights, for unit tests; it passes the contract of the real backends."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mercato_operator.kafka.acls import Access
from mercato_operator.kafka.admin import collisions, partitions_fault
from mercato_operator.kafka.backend import Account, BackendUnavailable, Fault, Outcome
from mercato_operator.kafka.topics import Topic


@dataclass
class Log:
    """A topic as Kafka has it."""

    partitions: int
    replicas: int
    config: dict[str, str]


@dataclass
class FakeKafka:
    """What there is. `away`: it does not answer. `brokers`: more replicas are refused."""

    topics: dict[str, Log] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    rights: dict[str, frozenset[Access]] = field(default_factory=dict)
    record: set[str] = field(default_factory=set)
    away: bool = False
    brokers: int = 3


class FakeBackend:
    """`step` is called before each single change, and may raise: a crash."""

    def __init__(self, kafka: FakeKafka, step: Callable[[], None] = lambda: None) -> None:
        self.kafka, self._step = kafka, step

    async def bring_topics(self, topics: Sequence[Topic]) -> Mapping[str, Outcome]:
        self._reach()
        return {topic.name: self._bring(topic) for topic in topics}

    def _bring(self, topic: Topic) -> Outcome:
        kafka = self.kafka
        log = kafka.topics.get(topic.name)
        if log is None:
            if fault := collisions([topic], kafka.topics).get(topic.name):
                return Outcome(fault=fault)
            if topic.replicas > kafka.brokers:
                return Outcome(fault=Fault("KafkaRefused", f"could not create topic {topic.name}: too many replicas"))
            self._step()
            kafka.topics[topic.name] = Log(topic.partitions, topic.replicas, dict(topic.config))
            return Outcome((f"created with {topic.partitions} partitions",), partitions=topic.partitions)
        done, fault = [], partitions_fault(topic, log.partitions)
        if fault is None and log.partitions != topic.partitions:
            self._step()
            done.append(f"grown from {log.partitions} to {topic.partitions} partitions")
            log.partitions = topic.partitions
        if fault is None and log.replicas != topic.replicas:
            fault = Fault(
                "ReplicasDiffer", f"keeps {log.replicas} replicas; {topic.replicas} are declared: reassign them"
            )
        sets = {key: value for key, value in topic.config.items() if log.config.get(key) != value}
        resets = topic.reset & log.config.keys()
        if sets or resets:
            self._step()
            shown = {**{key: f"{key}={value}" for key, value in sets.items()}}
            shown |= {key: f"{key} to its default" for key in resets}
            done.append(f"set {', '.join(text for _, text in sorted(shown.items()))}")
            log.config = {key: value for key, value in (log.config | sets).items() if key not in resets}
        return Outcome(tuple(done), fault, log.partitions)

    async def remove_topics(self, names: Collection[str]) -> Mapping[str, Outcome]:
        self._reach()
        outcomes = {}
        for name in names:
            self._step()
            gone = self.kafka.topics.pop(name, None)
            outcomes[name] = Outcome((f"deleted topic {name} with its messages",) if gone else ())
        return outcomes

    async def bring_users(self, accounts: Sequence[Account], *, complete: bool) -> Mapping[str, Outcome]:
        self._reach()
        kafka = self.kafka
        wanted = {each.user for each in accounts if each.managed}
        outcomes: dict[str, Outcome] = {}
        for each in accounts:
            if each.managed and each.user not in kafka.record and each.user in kafka.passwords:
                outcomes[each.user] = Outcome(fault=Fault("UserExists", f"Kafka has a user {each.user}"))
                continue
            if each.managed and each.user not in kafka.record:
                self._step()
                kafka.record.add(each.user)
            outcomes[each.user] = self._allow(each)
        for user in sorted(kafka.record - wanted) if complete else ():
            self._step()
            kafka.passwords.pop(user, None)
            self._step()
            kafka.rights.pop(user, None)
            self._step()
            kafka.record.discard(user)
            outcomes[user] = Outcome((f"retired user {user}",))
        return outcomes

    def _allow(self, account: Account) -> Outcome:
        before = self.kafka.rights.get(account.user, frozenset())
        given, taken = len(account.access - before), len(before - account.access)
        if given or taken:
            self._step()
            self.kafka.rights[account.user] = account.access
        if self.kafka.passwords.get(account.user) != account.password:
            self._step()
            self.kafka.passwords[account.user] = account.password
        return Outcome((f"{given} rights given, {taken} taken",) if given or taken else ())

    async def close(self) -> None:
        pass

    def _reach(self) -> None:
        if self.kafka.away:
            raise BackendUnavailable("Kafka does not answer; is it running?")

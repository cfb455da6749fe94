"""The topics read into rows: the feed, what each group has taken, and what is set aside."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from confluent_kafka import Message as Record

from cli.invariants.feed import Feed
from cli.invariants.rows import Delivery, SetAside
from cli.platform.databases import WITH_OUTBOX
from cli.platform.kafka import Kafka, lag, location
from cli.platform.letters import SUFFIX, Letter, Outcome
from services.notification.kinds import SILENT

FEED = "order.events"
RETRY = ".retry"
LET_PASS = {"notification": SILENT}
"""By group, the types of message that mean nothing to it: it takes them without an effect, and without a trace."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A group and a topic it reads: every dead-letter topic is named for one."""

    topic: str
    group: str

    @property
    def retry(self) -> str:
        return f"{self.topic}.{self.group}{RETRY}"

    @property
    def dead_letters(self) -> str:
        return f"{self.topic}.{self.group}{SUFFIX}"


class Logs:
    """Kafka as it is at one moment: how much there is, and how far each group has come."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        counts = kafka.topics()
        self.subscriptions = [one for one in _subscriptions(counts) if one.group in WITH_OUTBOX]
        self._extents = kafka.extents(counts)
        self._committed = kafka.committed({one.group for one in self.subscriptions}, self._extents)

    def lag(self) -> dict[Subscription, int]:
        """Records each group has still to take, of the topic and of its retry topic."""
        return {
            one: lag(self._extents, self._committed[one.group], [one.topic, one.retry]) for one in self.subscriptions
        }

    def deliveries(self, feed: Feed) -> Iterator[Delivery]:
        """Every record that a group has taken and has to account for; the feed is told on the way."""
        for topic in {one.topic for one in self.subscriptions}:
            groups = [one.group for one in self.subscriptions if one.topic == topic]
            if topic == FEED:
                self._cut_off(feed)
            for record in self._kafka.read([topic]):
                message_id = header(record, "ce_id")
                if topic == FEED:
                    self._tell(feed, record, message_id)
                yield from self._taken(record, topic, groups, message_id)
        for one in self.subscriptions:
            for record in self._kafka.read([one.retry]):
                yield from self._taken(record, one.retry, [one.group], header(record, "ce_id"))

    def waiting(self, one: Subscription) -> frozenset[str]:
        """Ids of the messages that wait in the retry topic."""
        taken = self._committed[one.group]
        return frozenset(
            known
            for record in self._kafka.read([one.retry])
            if int(record.offset() or 0) >= taken.get((one.retry, int(record.partition() or 0)), 0)
            and (known := header(record, "ce_id"))
        )

    def _cut_off(self, feed: Feed) -> None:
        """Retention has emptied a whole partition: of what was before now, nothing is certain."""
        extents = [extent for (topic, _), extent in self._extents.items() if topic == FEED]
        if any(0 < extent.low == extent.high for extent in extents):
            feed.cut_off(datetime.now(UTC))

    def _tell(self, feed: Feed, record: Record, message_id: str | None) -> None:
        """What is no order event is passed over here: its readers put it into their dead letters."""
        first = self._extents[FEED, int(record.partition() or 0)].low
        if first and record.offset() == first:
            feed.cut_off(datetime.fromtimestamp(record.timestamp()[1] / 1000, UTC))
        try:
            order = orjson.loads(record.value() or b"")
            order_id, version, status = order["id"], order["version"], order["status"]
        except (ValueError, KeyError, TypeError):
            return
        if isinstance(order_id, str) and isinstance(version, int) and isinstance(status, str):
            feed.add(order_id, version, status, message_id or location(record))

    def _taken(self, record: Record, topic: str, groups: list[str], message_id: str | None) -> Iterator[Delivery]:
        partition, offset = int(record.partition() or 0), int(record.offset() or 0)
        for group in groups:
            taken = offset < self._committed[group].get((topic, partition), 0)
            if taken and not (group in LET_PASS and header(record, "ce_type") in LET_PASS[group]):
                yield Delivery(topic, partition, offset, group, record.key() or b"", message_id)


def set_aside(
    letters: list[Letter], outcomes: Mapping[str, Outcome], waiting: Mapping[Subscription, frozenset[str]]
) -> dict[str, SetAside]:
    """By group: what is accounted for without an effect."""
    aside: dict[str, SetAside] = {}
    replayed = {letter_id for letter_id, outcome in outcomes.items() if outcome is Outcome.REPLAYED}
    for group in {one.group for one in waiting}:
        buried = {one.dead_letters for one in waiting if one.group == group}
        own = [letter for letter in letters if letter.topic in buried]
        ids = {known for letter in own if letter.id not in replayed and (known := letter.headers.get("ce_id"))}
        for one, waits in waiting.items():
            if one.group == group:
                ids |= waits
        locations = {letter.origin for letter in own if not letter.headers.get("ce_id")}
        aside[group] = SetAside(frozenset(ids), frozenset(locations))
    return aside


def header(record: Record, name: str) -> str | None:
    """One header as text; decoding all of them would take longer than all else that is done here."""
    headers: Any = record.headers() or ()
    for found, value in headers:
        if found == name:
            return value.decode(errors="replace") if value else None
    return None


def groups_of_others(topics: Iterable[str]) -> list[str]:
    """Those of services that are not the platform's own: what a message did there, only they know."""
    return sorted({one.group for one in _subscriptions(topics)} - set(WITH_OUTBOX))


def _subscriptions(topics: Iterable[str]) -> list[Subscription]:
    names = set(topics)
    return [_subscription(name, names) for name in names if name.endswith(SUFFIX)]


def _subscription(dead_letter_topic: str, topics: Collection[str]) -> Subscription:
    """A group's name may have dots as a topic's has: the longest topic there is that the name begins with."""
    name = dead_letter_topic.removesuffix(SUFFIX)
    ends = [position for position, sign in enumerate(name) if sign == "."]
    end = next((end for end in reversed(ends) if name[:end] in topics), ends[-1] if ends else 0)
    return Subscription(name[:end], name[end + 1 :])

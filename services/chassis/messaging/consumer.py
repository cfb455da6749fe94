"""Reads a topic in batches: one transaction per batch, with inbox, effects and outbox; offsets are stored after it.

A thread of its own waits for the first message, takes what is there, and handles it by itself: no other thread has to
be woken on the way. Nothing is read ahead of it beyond librdkafka's own bounded queue. Messages of a partition are
handled in order, so those of a key never overtake.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka import Message as Raw

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.batches import Batches
from services.chassis.messaging.breaker import CannotHandle
from services.chassis.messaging.kafka import client_config
from services.chassis.observability import metrics
from services.chassis.runtime.tasks import die

log = logging.getLogger(__name__)

BATCH = 500
_POLL_SECONDS = 0.5
_IDLE_FETCH_SECONDS = 1.0
# As much as some batches' worth: what gathers is not kept waiting once it is plenty.
_GATHERED_BYTES = 262_144
_DRAIN_SECONDS = 5.0
# A batch given up has this long to roll back, and the group this long to say good-bye (the broker may be away).
_CLOSE_SECONDS = 3.0
_STEP_SECONDS = 0.2
REJOIN_SECONDS = 20.0
"""A client that has been without its group for so long is replaced by a new one.

A broker's restart can leave librdkafka (seen with 2.16) with a request to join that waits for a coordinator it does not
connect to any more, for ever; the broker answers everyone else meanwhile.
"""


class GivenUp(BaseException):
    """The service stops: the batch is read again by whoever comes next."""


class Consumer:
    """Feeds `batches` with what arrives on `topics` while entered.

    `fetch_wait`: seconds for which the broker may let messages gather. For a handler whose effect nobody waits for:
    each fetch and each transaction costs as much as many messages in one.
    """

    def __init__(
        self, settings: ServiceSettings, topics: Sequence[str], batches: Batches, *, fetch_wait: float = 0.0
    ) -> None:
        self._topics = list(topics)
        self._batches = batches
        self._stop = threading.Event()
        self._assigned = False
        self._stopped = ""
        # Since when the group has no place for us; infinity while it has.
        self._outside_since = 0.0
        # What arrived while a batch was being handled.
        self._held: list[Raw] = []
        self._config = {
            **client_config(settings),
            "group.id": batches.group,
            "enable.auto.commit": True,
            "auto.commit.interval.ms": 1000,
            # An offset is stored only once the effects of its message are committed.
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            # A killed member's partitions pass on after this; heartbeats come from librdkafka's own thread.
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 2000,
            # Bounds of what is read ahead, and so of a batch.
            "queued.max.messages.kbytes": 16384,
            "fetch.max.bytes": 4194304,
            "fetch.min.bytes": _GATHERED_BYTES if fetch_wait else 1,
            "fetch.wait.max.ms": round(1000 * (fetch_wait or _IDLE_FETCH_SECONDS)),
        }
        if settings.static_membership:
            # A restarted process finds its partitions again at once, without a rebalance.
            self._config["group.instance.id"] = f"{settings.instance}-{'-'.join(self._topics)}"

    async def __aenter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name=f"consumer-{self._topics[0]}", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        # Not a thread of a pool: one that waits for a lost broker must not keep the process from ending.
        await asyncio.to_thread(self._thread.join, _DRAIN_SECONDS)
        if self._thread.is_alive():
            # On shutdown the batch at hand may end; one that takes long is rolled back, and read again later.
            await asyncio.to_thread(self._batches.session.cancel)
            await asyncio.to_thread(self._thread.join, 2 * _CLOSE_SECONDS)

    async def check(self) -> str | None:
        """Readiness: None once the group has given its answer, and as long as messages can be handled."""
        if self._stopped:
            return self._stopped
        return None if self._assigned else f"waiting for partitions of {', '.join(self._topics)}"

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._follow()
        except GivenUp:
            log.warning("a batch of %s is given up and will be read again", ", ".join(self._topics))
        except CannotHandle as error:
            # The partitions pass to other members: those of the former release, say, while a bad one is rolled out.
            self._stopped = f"stopped reading {', '.join(self._topics)}: {error}; see the dead letters, then restart it"
            metrics.CONSUMER_STOPPED.labels(self._topics[0]).set(1)
            log.critical(self._stopped)
        except Exception as error:
            # A consumer that died would leave its topic unread in a process that looks alive.
            die(f"consumer of {', '.join(self._topics)} died", error)

    def _follow(self) -> None:
        """The life of one client: to the end, or until it has been without its group for too long."""
        client = Client(self._config)
        self._outside_since, self._held = time.monotonic(), []
        client.subscribe(self._topics, on_assign=self._on_assign, on_lost=self._on_lost)
        forsaken = False
        try:
            while not self._stop.is_set() and not forsaken:
                self._round(client)
                forsaken = time.monotonic() > self._outside_since + REJOIN_SECONDS
        finally:
            if forsaken:
                log.warning("no place in the group for %s: starting a new client", ", ".join(self._topics))
                metrics.KAFKA_CLIENTS_REPLACED.labels("consume").inc()
                # It may wait for what never comes, even when told to go.
                threading.Thread(target=client.close, name="forsaken", daemon=True).start()
            else:
                client.close()
                self._batches.session.close()

    def _on_lost(self, _client: Client, _partitions: list[TopicPartition]) -> None:
        self._outside_since = time.monotonic()

    def _on_assign(self, client: Client, partitions: list[TopicPartition]) -> None:
        client.incremental_assign(partitions)
        # librdkafka remembers a pause: one that left us while a batch was handled would come back paused, for ever.
        client.resume(partitions)
        self._assigned, self._outside_since = True, float("inf")
        log.info("partitions assigned: %s", [f"{p.topic}/{p.partition}" for p in partitions])

    def _round(self, client: Client) -> None:
        arrived, self._held = self._held, []
        if not arrived:
            first = client.poll(_POLL_SECONDS)
            if first is None:
                return
            arrived = [first]
        arrived += client.consume(max(1, BATCH - len(arrived)), 0)
        batch = [raw for raw in arrived if self._usable(raw)]
        if not batch:
            return
        try:
            self._batches.handle(batch, partial(self._let_go_by, client))
        except CannotHandle as error:
            self._store(client, error.done)
            raise
        self._store(client, batch)

    def _usable(self, raw: Raw) -> bool:
        error = raw.error()
        if error is None:
            return True
        if error.fatal():
            raise KafkaException(error)
        # Everything else (a broker or a topic that is away, a missing right) librdkafka tries again by itself.
        log.warning("kafka, reading %s: %s", ", ".join(self._topics), error.name())
        return False

    def _let_go_by(self, client: Client, seconds: float) -> None:
        """Waits, with the partitions paused and the client polled, so that the group keeps us. Raises GivenUp."""
        until = time.monotonic() + seconds
        paused: list[TopicPartition] = []
        try:
            while True:
                if self._stop.is_set():
                    raise GivenUp
                if (left := until - time.monotonic()) <= 0:
                    return
                paused = client.assignment()
                client.pause(paused)
                # Partitions that came to us just now are not paused yet: what they bring is for the next batch.
                if (arrived := client.poll(min(left, _STEP_SECONDS))) is not None:
                    self._held.append(arrived)
        finally:
            self._resume(client, paused)

    @staticmethod
    def _resume(client: Client, paused: list[TopicPartition]) -> None:
        if paused:
            still = {(p.topic, p.partition) for p in client.assignment()}
            client.resume([p for p in paused if (p.topic, p.partition) in still])

    @staticmethod
    def _store(client: Client, batch: Sequence[Raw]) -> None:
        ends: dict[tuple[str, int], int] = {}
        for raw in batch:
            ends[str(raw.topic()), int(raw.partition() or 0)] = int(raw.offset() or 0) + 1
        for (topic, partition), offset in ends.items():
            try:
                client.store_offsets(offsets=[TopicPartition(topic, partition, offset)])
            except KafkaException as error:
                # The partition went to another member meanwhile: it repeats the messages, the inbox drops them.
                log.info("offset of %s/%d not stored: %s", topic, partition, error.args[0].name())

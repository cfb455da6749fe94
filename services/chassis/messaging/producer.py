"""Sends records to Kafka: idempotent, acknowledged by all, in order per key."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client

from services.chassis.configuration.settings import ServiceSettings
from services.chassis.messaging.kafka import client_config
from services.chassis.observability import metrics

log = logging.getLogger(__name__)

_FULL_SECONDS = 0.01
_GATHER_SECONDS = 0.05
# After so many records the event loop gets a turn: handing over takes some microseconds each.
_TURN = 100
STALL_SECONDS = 15.0
"""A client that has not had every answer to a batch after so long is replaced, and the batch repeated.

A broker's restart can leave librdkafka (seen with 2.16) with records for a broker it does not connect to any more,
while it answers everyone else. Where Kafka is really away, the new client waits as the old one did.
"""
# What Kafka will refuse again however often it is sent.
_REFUSED_FOR_GOOD = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.INVALID_MSG_SIZE,
    KafkaError.INVALID_RECORD,
    KafkaError.RECORD_LIST_TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to Kafka as it is."""

    topic: str
    key: str
    payload: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """Positions of the batch's records that Kafka did not take; all others are acknowledged."""

    refused: frozenset[int] = frozenset()
    """For good: too large, say. To send them again is no use."""
    failed: frozenset[int] = frozenset()
    """For now: no such topic yet, say."""
    reason: str = ""


class _Batch:
    """Counts the answers to a batch. They come in the polling thread, or at once in the loop's own."""

    def __init__(self, size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._missing = size
        self.answers: list[KafkaError | None] = [None] * size
        self.done: asyncio.Future[None] = self._loop.create_future()

    def answer(self, position: int, error: KafkaError | None) -> None:
        with self._lock:
            self.answers[position] = error
            self._missing -= 1
            complete = self._missing == 0
        if complete and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Producer:
    """`send` returns once Kafka has answered for every record of the batch."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._config = {
            **client_config(settings),
            "enable.idempotence": True,
            "acks": "all",
            # Batches come from the outbox; lingering would only add latency.
            "linger.ms": 0,
            # Never give up on a record: a gap would break the order of its key. The outbox row is the safety net.
            "message.timeout.ms": 0,
            "partitioner": "murmur2",
            "queue.buffering.max.messages": 10000,
            "queue.buffering.max.kbytes": 65536,
            # A topic that is not there is said so soon, and the outbox keeps its rows.
            "topic.metadata.propagation.max.ms": 2000,
        }
        self._client = Client(self._config)
        self._stop = threading.Event()
        self._asked = threading.Event()
        self.steady = threading.Lock()
        """Whoever holds it hands all records over to the same client."""
        self.on_replaced: Callable[[], None] = lambda: None
        """Told under that lock: what was not answered is lost."""

    async def __aenter__(self) -> Self:
        # A thread of its own, not one of a pool: it must never keep a process from ending while Kafka is away.
        self._thread = threading.Thread(target=self._poll, name="producer", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._asked.set()
        await asyncio.to_thread(self._thread.join, 2.0)
        if left := len(self._client):
            log.warning("%d records were not acknowledged; their outbox rows stay for the next start", left)
            self._client.purge(in_flight=True)

    @property
    def stall_seconds(self) -> float:
        """How long an answer may be missing before `replace` is the remedy."""
        return STALL_SECONDS

    def hand_over(self, record: Record, answered: Callable[[KafkaError | None], None]) -> bool:
        """Hands over without waiting; `answered` is called from the client's thread. For any thread that is `steady`.

        False when the client did not take it: its queue is full, or Kafka will never take such a record.
        """
        try:
            self._client.produce(
                record.topic,
                value=record.payload,
                key=record.key,
                headers=list(record.headers.items()),
                on_delivery=lambda error, _message: answered(error),
            )
        except (BufferError, KafkaException):
            return False
        self._asked.set()
        return True

    async def send(self, records: Sequence[Record]) -> Sent:
        """Hands over, and waits for every answer.

        Raises KafkaException when the client failed, or had no answer for long, and the batch has to be repeated. A
        cancelled or repeated batch may be in flight still: records of a key stay in order, and repeats are the
        reader's to drop.
        """
        if not records:
            return Sent()
        batch = _Batch(len(records))
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._hand_over_all(records, batch)
                await asyncio.shield(batch.done)
        except TimeoutError:
            self.replace()
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT)) from None
        errors = {position: error for position, error in enumerate(batch.answers) if error is not None}
        if not errors:
            return Sent()
        failed = {position for position, error in errors.items() if error.code() not in _REFUSED_FOR_GOOD}
        for position in failed:
            self._replace_if_broken(errors[position])
        first = errors[min(failed or errors)]
        return Sent(frozenset(errors.keys() - failed), frozenset(failed), str(first.name()))

    async def _hand_over_all(self, records: Sequence[Record], batch: _Batch) -> None:
        for position, record in enumerate(records):
            await self._hand_over(record, position, batch)
            if position % _TURN == _TURN - 1:
                await asyncio.sleep(0)

    async def _hand_over(self, record: Record, position: int, batch: _Batch) -> None:
        while True:
            try:
                self._client.produce(
                    record.topic,
                    value=record.payload,
                    key=record.key,
                    headers=list(record.headers.items()),
                    on_delivery=lambda error, _message: batch.answer(position, error),
                )
            except BufferError:
                await asyncio.sleep(_FULL_SECONDS)
            except KafkaException as failure:
                error: KafkaError = failure.args[0]
                if error.code() not in _REFUSED_FOR_GOOD:
                    self._replace_if_broken(error)
                    raise
                batch.answer(position, error)
                return
            else:
                self._asked.set()
                return

    def _replace_if_broken(self, error: KafkaError) -> None:
        """After a fatal error (the broker lost data, say) an idempotent client refuses everything for ever."""
        if error.fatal() or error.code() == KafkaError._FATAL:
            log.error("the Kafka client broke: %s", error.name())
            self.replace()

    def replace(self) -> None:
        """By a new client. What the former one still has is in the outbox, from where it is sent again in order."""
        log.warning("Kafka has not answered for %g s, or its client broke: starting a new client", STALL_SECONDS)
        metrics.KAFKA_CLIENTS_REPLACED.labels("produce").inc()
        with self.steady:
            former, self._client = self._client, Client(self._config)
            self.on_replaced()
        former.purge()
        former.poll(0)

    def _poll(self) -> None:
        """Hears the answers. Not each as it comes: to be woken for one costs more than to handle ten."""
        while not self._stop.is_set():
            self._asked.wait()
            self._asked.clear()
            while len(self._client) and not self._stop.is_set():
                time.sleep(_GATHER_SECONDS)
                self._client.poll(0)

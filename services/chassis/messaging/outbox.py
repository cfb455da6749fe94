"""The transactional outbox: messages commit with the change that caused them, and then leave for Kafka.

At least once, and per key and topic in the order of the commits:

- An *urgent* message is handed to Kafka's client by the thread that committed it, from memory. It must not overtake, so
  the committing statement also tells which earlier rows of its key and topic are in the table still: unless this
  process has handed each of them on itself, the row is left to the relay. Ids of one key rise with its commits, since
  whoever publishes for a key writes that key's row in the same statement.
- A *patient* message, and whatever was left, is brought by a relay (`relay.py`), which gathers them.

A row is deleted once Kafka has acknowledged its message. What a lost process had not deleted, a relay sends again; the
inbox drops the repeats.
"""

import logging
import threading
import time
import zlib
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import orjson
from confluent_kafka import KafkaError
from psycopg import AsyncConnection

from services.chassis.messaging.leases import BUCKETS
from services.chassis.messaging.messages import Message
from services.chassis.messaging.producer import Producer, Record
from services.chassis.observability import metrics

log = logging.getLogger(__name__)

# %b: in binary, lists of JSON need not be escaped, which would take longer than all the rest.
INSERT_RAW = """
INSERT INTO outbox (bucket, topic, key, payload, headers)
SELECT * FROM unnest(%b::smallint[], %b::text[], %b::text[], %b::bytea[], %b::text[]::jsonb[])
"""


def bucket(key: str) -> int:
    """A stable hash: the same in every process and every release."""
    return zlib.crc32(key.encode()) % BUCKETS


async def insert_raw(
    connection: AsyncConnection[tuple[Any, ...]], rows: Sequence[tuple[str, str, bytes, dict[str, str]]]
) -> None:
    """Writes (topic, key, payload, headers) as they are: for dead letters, which may not be readable messages."""
    await connection.execute(INSERT_RAW, raw_columns(rows))


def raw_columns(rows: Sequence[tuple[str, str, bytes, dict[str, str]]]) -> tuple[list[Any], ...]:
    """The values of `INSERT_RAW`."""
    return (
        [bucket(key) for _, key, _, _ in rows],
        [topic for topic, _, _, _ in rows],
        [key for _, key, _, _ in rows],
        [payload for _, _, payload, _ in rows],
        [orjson.dumps(headers).decode() for _, _, _, headers in rows],
    )


class Outbox:
    """What this process has committed and Kafka has not acknowledged yet. For all of its threads.

    `urgent`: the types of message that somebody waits for.
    """

    def __init__(self, producer: Producer, source: str, urgent: Collection[str] = ()) -> None:
        self.left = False
        """Whether rows were committed that a relay must bring."""
        self._producer = producer
        producer.on_replaced = self.forget_unanswered
        self.source = source
        self._urgent = frozenset(urgent)
        self._lock = threading.Lock()
        # When each was handed on (monotonic), until it is deleted; and of these, what Kafka has not answered.
        self._handed_on: dict[int, float] = {}
        self._unanswered: dict[int, float] = {}
        self._gone: frozenset[int] = frozenset()
        self._acknowledged: list[int] = []

    def records(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Messages as the rows of the committing statement."""
        return [
            {
                "n": n,
                "bucket": bucket(message.key),
                "topic": message.topic,
                "key": message.key,
                "payload": message.payload().decode(),
                "headers": message.headers(self.source),
                "patient": message.type not in self._urgent,
            }
            for n, message in enumerate(messages, 1)
        ]

    def hand_on(self, records: Sequence[dict[str, Any]], ids: Sequence[int], older: Sequence[Sequence[int]]) -> None:
        """Sends the urgent ones that are committed now under `ids`; `older` are the pairs (n, id) of waiting rows."""
        with self._producer.steady:  # a new client would not have what is before them
            self._send_all(records, ids, older)

    def _send_all(self, records: Sequence[dict[str, Any]], ids: Sequence[int], older: Sequence[Sequence[int]]) -> None:
        held_back = {n for n, row in older if not self.holds(row)}
        waiting: set[tuple[str, str]] = set()
        for record, row in zip(records, ids, strict=True):
            chain = record["topic"], record["key"]
            waits = record["patient"] or record["n"] in held_back or chain in waiting
            if waits or not self._send(record, row):
                waiting.add(chain)
        if waiting:
            self.left = True

    def _send(self, record: dict[str, Any], row: int) -> bool:
        with self._lock:
            self._handed_on[row] = self._unanswered[row] = time.monotonic()
        sent = self._producer.hand_over(
            Record(record["topic"], record["key"], record["payload"].encode(), record["headers"]),
            partial(self._answered, row, record["topic"]),
        )
        if not sent:  # its queue is full: Kafka is slow, or away
            self._forget(row)
        return sent

    def _answered(self, row: int, topic: str, error: KafkaError | None) -> None:
        if error is not None:
            if not self._forget(row):
                return  # its client was replaced
            self.left = True
            log.warning("Kafka did not take a record of %s, a relay brings it: %s", topic, error.name())
            return
        with self._lock:
            since = self._unanswered.pop(row, None)
            self._acknowledged.append(row)
        metrics.OUTBOX_PUBLISHED.labels(topic).inc()
        if since is not None:
            metrics.OUTBOX_DELAY.observe(time.monotonic() - since)

    def _forget(self, row: int) -> bool:
        with self._lock:
            self._unanswered.pop(row, None)
            return self._handed_on.pop(row, None) is not None

    def waits(self) -> float:
        """Seconds for which the first of those not answered has been waiting."""
        with self._lock:
            first = next(iter(self._unanswered.values()), None)
        return 0.0 if first is None else time.monotonic() - first

    def forget_unanswered(self) -> None:
        """Their client is replaced: a relay is to bring them."""
        with self._lock:
            for row in self._unanswered:
                self._handed_on.pop(row, None)
            self._unanswered.clear()
        self.left = True

    def holds(self, row: int) -> bool:
        """Whether the row was handed on from here: it is there still, or was until a moment ago."""
        return row in self._handed_on or row in self._gone

    def acknowledged(self) -> list[int]:
        """Rows to be deleted; `deleted` or `give_back` is to follow."""
        with self._lock:
            rows, self._acknowledged = self._acknowledged, []
        return rows

    def give_back(self, rows: Sequence[int]) -> None:
        """They could not be deleted, and are to be asked for again."""
        with self._lock:
            self._acknowledged.extend(rows)

    def deleted(self, rows: Sequence[int]) -> None:
        with self._lock:
            for row in rows:
                self._handed_on.pop(row, None)
            # A statement that has seen them there may be under way.
            self._gone = frozenset(rows)

"""When each order's confirmation became visible: the feed, read as it is written."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, TopicPartition

from cli.platform.errors import PlatformError
from cli.platform.kafka import Kafka

FEED = "order.events"
CONFIRMED = b"mercato.order.confirmed.v1"
REJECTED = b"mercato.order.rejected.v1"
READY_SECONDS = 15.0


class Confirmations:
    """Times on the monotonic clock, by order id, from when it is entered on.

    The event is published after the commit that makes CONFIRMED readable, so these times are late rather than early.
    """

    def __init__(self, kafka: Kafka, bootstrap: str, on_confirmed: Callable[[str], None]) -> None:
        self.confirmed: dict[str, float] = {}
        self.rejected: set[str] = set()
        self._kafka = kafka
        self._bootstrap = bootstrap
        self._on_confirmed = on_confirmed
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._read, name="confirmations", daemon=True)

    def __enter__(self) -> Self:
        extents = self._kafka.extents({FEED: self._kafka.topics().get(FEED, 0)})
        self._ends = [TopicPartition(*partition, extent.high) for partition, extent in extents.items()]
        if not self._ends:
            raise PlatformError(f"there is no topic {FEED}: see ./mercato topics")
        self._thread.start()
        if not self._ready.wait(READY_SECONDS):
            raise PlatformError(f"Kafka at {self._bootstrap} does not answer: see ./mercato status")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(READY_SECONDS)

    def _read(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "mercato-cli",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        consumer.assign(self._ends)
        waiting = {(p.topic, p.partition) for p in self._ends}
        try:
            while not self._stop.is_set():
                first = consumer.poll(0.2)
                if first is None:
                    continue
                now = time.monotonic()
                for record in (first, *consumer.consume(500, 0)):
                    error = record.error()
                    if error is None:
                        self._take(dict(record.headers() or ()).get("ce_type"), record.key(), now)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        # The first end of each partition says that its position is taken: nothing will be missed.
                        waiting.discard((str(record.topic()), int(record.partition() or 0)))
                        if not waiting:
                            self._ready.set()
        finally:
            consumer.close()

    def _take(self, kind: object, key: bytes | None, now: float) -> None:
        order_id = (key or b"").decode(errors="replace")
        if kind == CONFIRMED and order_id not in self.confirmed:
            self.confirmed[order_id] = now
            self._on_confirmed(order_id)
        elif kind == REJECTED:
            self.rejected.add(order_id)

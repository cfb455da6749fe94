"""How each order ended: the feed, read in batches beside the load."""

import threading
import time
from datetime import datetime
from types import TracebackType
from typing import Self

import orjson
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka import Message as Record

from cli.platform.errors import PlatformError
from cli.platform.kafka import Kafka

FEED = "order.events"
CONFIRMED = b"mercato.order.confirmed.v1"
REJECTED = b"mercato.order.rejected.v1"
READY_SECONDS = 15.0


class Confirmations:
    """From when it is entered on: `confirmed` holds times on the monotonic clock, `rejected` reasons, by order id.

    The feed may gather its messages, so when one arrives says little. The time is the event's own `updated_at`: the
    order service's clock as it decides, before its commit. It is this machine's clock too, so the two can be compared;
    what a reader sees, and when, `Readers` measures.
    """

    def __init__(self, kafka: Kafka, bootstrap: str) -> None:
        self.confirmed: dict[str, float] = {}
        self.rejected: dict[str, str] = {}
        self._kafka = kafka
        self._bootstrap = bootstrap
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._read, name="confirmations", daemon=True)

    def __enter__(self) -> Self:
        extents = self._kafka.extents({FEED: self._kafka.topics().get(FEED, 0)})
        self._ends = [TopicPartition(*partition, extent.high) for partition, extent in extents.items()]
        if not self._ends:
            raise PlatformError(f"there is no topic {FEED}: see ./mercato topics")
        self._monotonic = time.monotonic() - time.time()
        self._thread.start()
        if not self._ready.wait(READY_SECONDS):
            raise PlatformError(f"Kafka at {self._bootstrap} does not answer: see ./mercato status")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(READY_SECONDS)

    def ended(self, order_id: str) -> bool:
        return order_id in self.confirmed or order_id in self.rejected

    def _read(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "mercato-cli",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 500,  # few large fetches: the broker's work for us is none of the orders'
                "fetch.min.bytes": 65_536,
                "log_level": 0,
            }
        )
        consumer.assign(self._ends)
        waiting = {(p.topic, p.partition) for p in self._ends}
        try:
            while not self._stop.is_set():
                first = consumer.poll(0.5)
                for record in (first, *consumer.consume(500, 0)) if first else ():
                    error = record.error()
                    if error is None:
                        self._take(record)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        # The first end of each partition says that its position is taken: nothing will be missed.
                        waiting.discard((str(record.topic()), int(record.partition() or 0)))
                        if not waiting:
                            self._ready.set()
        finally:
            consumer.close()

    def _take(self, record: Record) -> None:
        kind = dict(record.headers() or ()).get("ce_type")
        if kind not in (CONFIRMED, REJECTED):
            return
        order = orjson.loads(record.value() or b"")
        if kind == REJECTED:
            self.rejected[order["id"]] = order["reason"]
        else:
            moment = datetime.fromisoformat(order["updated_at"]).timestamp()
            self.confirmed.setdefault(order["id"], moment + self._monotonic)

"""Sends records to Kafka: idempotent, acknowledged by all, in order per key, however long the broker is away."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client

from services.chassis.kafka import client_config
from services.chassis.settings import ServiceSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to Kafka as it is."""

    topic: str
    key: str
    payload: bytes
    headers: dict[str, str]


class Producer:
    """`send` returns once every record of the batch is acknowledged."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._client = Client(
            {
                **client_config(settings),
                "enable.idempotence": True,
                "acks": "all",
                # Batches come from the outbox; lingering would only add latency.
                "linger.ms": 0,
                # Never give up on a record: a gap would break the order of its key. The outbox row is the safety net.
                "message.timeout.ms": 0,
                "partitioner": "murmur2",
                "queue.buffering.max.messages": 10000,
            }
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = await asyncio.to_thread(self._client.flush, 2.0)
        if left:
            log.warning("%d records were not acknowledged; their outbox rows stay for the next start", left)

    async def send(self, records: Sequence[Record]) -> None:
        """Raises KafkaException when a record is refused for good."""
        sending = asyncio.ensure_future(asyncio.to_thread(self._send, records))
        # Records once handed over are in flight whatever happens to the caller: a cancelled round is repeated in full.
        await asyncio.shield(sending)

    def _send(self, records: Sequence[Record]) -> None:
        acknowledged = 0
        refused: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _message: object) -> None:
            nonlocal acknowledged
            acknowledged += 1
            if error is not None:
                refused.append(error)

        for record in records:
            while True:
                try:
                    self._client.produce(
                        record.topic,
                        value=record.payload,
                        key=record.key,
                        headers=list(record.headers.items()),
                        on_delivery=on_delivery,
                    )
                    break
                except BufferError:
                    self._client.poll(0.1)
        while acknowledged < len(records):
            self._client.poll(0.1)
        if refused:
            raise KafkaException(refused[0])

"""The whole service on a real Kafka, PostgreSQL and SMTP."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import psycopg
import pytest
from confluent_kafka import Consumer

from services.chassis.messaging.messages import Message
from services.chassis.messaging.producer import Producer, Record
from services.chassis.messaging.retries import text_headers
from services.notification.app import build
from services.notification.settings import NotificationSettings
from tests.support.order_events import order_event
from tests.support.serving import served, until

if TYPE_CHECKING:
    from tests.integration.notification.conftest import MailServer

EVENTS = "order.events"
RETRY, DEAD_LETTERS = f"{EVENTS}.notification.retry", f"{EVENTS}.notification.dead-letter"


@pytest.fixture
async def service(
    settings: NotificationSettings, kafka_bootstrap: str, topics: Callable[..., str]
) -> AsyncIterator[NotificationSettings]:
    for name in (EVENTS, RETRY, DEAD_LETTERS):
        topics(2, name=name)
    settings.__dict__["kafka_bootstrap"] = kafka_bootstrap
    async with served(build(settings)):
        yield settings


async def _publish(settings: NotificationSettings, *records: Record) -> None:
    async with Producer(settings) as producer:
        await producer.send(records)


def _record(event: Message) -> Record:
    return Record(event.topic, event.key, event.payload(), event.headers("order"))


async def test_events_become_mails_once_and_what_cannot_be_read_a_dead_letter(
    service: NotificationSettings, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    events = [order_event("confirmed") for _ in range(20)]
    steps = [order_event("created"), order_event("authorized")]
    unreadable = Record(EVENTS, "key", b"{", {"ce_id": "unreadable", "ce_type": "mercato.order.confirmed.v1"})
    unknown = order_event("eaten")
    records = [_record(event) for event in (*events, *steps, *events, unknown)]
    await _publish(service, records[0], unreadable, *records[1:])

    async def mailed() -> bool:
        return sql.execute("SELECT count(*) FROM notification WHERE sent_at IS NOT NULL").fetchone() == (20,)

    await until(mailed, 30)
    assert sorted(smtp.ids()) == sorted(f"<{event.key}.order_confirmed@mercato>" for event in events)
    letters = await _dead_letters(service, 2)
    assert {letter["ce_id"] for letter in letters} == {"unreadable", unknown.id}
    assert all(letter["mercato-reason"] == "InvalidMessage" for letter in letters)


async def _dead_letters(settings: NotificationSettings, count: int) -> list[dict[str, str]]:
    """Headers of the first dead letters."""
    reader = Consumer(
        {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "test", "auto.offset.reset": "earliest"}
    )
    found: list[dict[str, str]] = []

    async def enough() -> bool:
        found.extend(text_headers(raw) for raw in reader.consume(100, 0.05) if raw.error() is None)
        return len(found) >= count

    reader.subscribe([DEAD_LETTERS])
    try:
        await until(enough, 30)
    finally:
        reader.close()
    return found

"""The same event in one batch and in two consumers: a customer is told once."""

import asyncio
from dataclasses import replace

import psycopg

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Database
from services.notification.handlers import Handlers
from services.notification.mailer import Mailer
from services.notification.settings import NotificationSettings
from tests.support.order_events import order_event
from tests.support.replicas import Replica, replicas

TOLD = "SELECT count(*), count(DISTINCT order_id) FROM notification"


async def test_an_event_repeated_within_a_batch_tells_once(
    database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    event = order_event("confirmed")
    again = replace(event, id=str(new_id()))
    with Replica(settings, Handlers(Mailer(database, settings)).on_events) as replica:
        await replica.take([event, event, again, event])
        assert replica.attempts == 1
    assert sql.execute(TOLD).fetchone() == (1, 1)
    assert sql.execute("SELECT count(*) FROM inbox").fetchone() == (2,)


async def test_two_consumers_with_the_same_events_tell_each_once(
    database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    events = [order_event("confirmed") for _ in range(40)]
    renamed = [replace(event, id=str(new_id())) for event in events]  # as after a loss of the inbox
    async with replicas(2, settings, Handlers(Mailer(database, settings)).on_events) as (first, second):
        await asyncio.gather(first.take(events), second.take(events[::-1]))
        assert sql.execute(TOLD).fetchone() == (40, 40)
        await asyncio.gather(first.take(renamed[:20]), second.take([*events[:5], *renamed[::-1]]))
    assert sql.execute(TOLD).fetchone() == (40, 40)
    assert sql.execute("SELECT count(*) FROM inbox").fetchone() == (80,)


async def test_an_event_that_another_consumer_tells_of_meanwhile_keeps_the_others_of_its_batch(
    database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    shared, own = order_event("confirmed"), order_event("confirmed")
    notify = Handlers(Mailer(database, settings)).on_events
    with Replica(settings, notify) as other:
        told: list[Message] = []

        def handle(unit: Unit, messages: list[Message]) -> None:
            notify(unit, messages)
            if not told:
                told.append(shared)
                other.now([shared])

        with Replica(settings, handle) as late:
            await late.take([shared, own])
            assert late.attempts == 2
    assert sql.execute(TOLD).fetchone() == (2, 2)
    assert sql.execute("SELECT count(*) FROM inbox").fetchone() == (2,)

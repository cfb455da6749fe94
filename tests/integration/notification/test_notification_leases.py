"""Mails that are sent from the memory of the process that committed them, and those that cannot be."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from services.chassis.messaging.messages import Message
from services.chassis.messaging.unit import Unit
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Database
from services.notification.handlers import Handlers
from services.notification.mailer import Mailer
from services.notification.settings import NotificationSettings
from tests.support.order_events import order_event
from tests.support.replicas import handled
from tests.support.serving import until

if TYPE_CHECKING:
    from tests.integration.notification.conftest import Deliver, MailServer

TO_SEND = "SELECT count(*) FROM notification WHERE sent_at IS NULL AND failed_at IS NULL"
ROOM = 128


async def _all_sent(sql: psycopg.Connection) -> bool:
    return sql.execute(TO_SEND).fetchone() == (0,)


@pytest.fixture
async def ready(mailer: Mailer) -> Mailer:
    """A mailer that has looked at the table and found nothing."""
    await until(lambda: _ready(mailer))
    return mailer


async def _ready(mailer: Mailer) -> bool:
    return mailer.room() == ROOM


@asynccontextmanager
async def _silent_server(port: int) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """A mail server that greets nobody, until the block ends; who is connected."""
    connected: list[asyncio.StreamWriter] = []
    over = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)
        await over.wait()  # set already for one that was just being accepted
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", port):
        try:
            yield connected
        finally:
            over.set()


async def test_what_fits_is_leased_as_it_is_committed_and_the_rest_stays_due(
    deliver: "Deliver", settings: NotificationSettings, ready: Mailer, sql: psycopg.Connection
) -> None:
    async with _silent_server(settings.smtp_port):
        await deliver(*[order_event("confirmed") for _ in range(ROOM + 20)], mailer=ready)
        leased = sql.execute("SELECT count(*), sum(taken) FROM notification WHERE leased AND due_at > now()").fetchone()
        assert leased == (ROOM, ROOM)
        assert sql.execute("SELECT count(*) FROM notification WHERE due_at <= now() AND taken = 0").fetchone() == (20,)
        assert ready.room() == 0


async def test_a_burst_beyond_the_room_is_sent_once_each(
    deliver: "Deliver", ready: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    events = [order_event("confirmed") for _ in range(5 * ROOM)]
    await deliver(*events[:300], mailer=ready)
    await deliver(*events[300:], mailer=ready)
    await until(lambda: _all_sent(sql), 30)
    assert Counter(smtp.ids()) == Counter(f"<{event.key}.order_confirmed@mercato>" for event in events)
    assert sql.execute("SELECT max(taken), sum(unknown_answers) FROM notification").fetchone() == (1, 0)
    await until(lambda: _ready(ready))


async def test_mails_sent_within_a_moment_are_noted_together(
    deliver: "Deliver", ready: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    await deliver(*[order_event("confirmed") for _ in range(ROOM)], mailer=ready)
    await until(lambda: _all_sent(sql))
    assert len(smtp.received) == ROOM
    row = sql.execute("SELECT count(DISTINCT xmin::text) FROM notification").fetchone()
    assert row is not None
    assert row[0] < ROOM / 4


async def test_a_repeat_of_what_was_told_already_is_not_mailed(
    deliver: "Deliver", ready: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    event = order_event("confirmed")
    await deliver(event, mailer=ready)
    await until(lambda: _all_sent(sql))
    other = order_event("confirmed")
    await deliver(replace(event, id=str(new_id())), other, mailer=ready)
    await until(lambda: _all_sent(sql))
    assert smtp.ids() == [f"<{one.key}.order_confirmed@mercato>" for one in (event, other)]


async def test_what_is_rolled_back_is_not_mailed(
    settings: NotificationSettings, ready: Mailer, smtp: "MailServer", sql: psycopg.Connection, deliver: "Deliver"
) -> None:
    notify = Handlers(ready).on_events

    def fail(unit: Unit, messages: list[Message]) -> None:
        notify(unit, messages)
        raise ValueError("after all")

    with pytest.raises(ValueError, match="after all"):
        await handled(settings, fail, [order_event("confirmed")])
    event = order_event("confirmed")
    await deliver(event, mailer=ready)
    await until(lambda: _all_sent(sql))
    assert smtp.ids() == [f"<{event.key}.order_confirmed@mercato>"]
    assert ready.room() == ROOM


async def test_while_the_server_is_away_mails_wait_in_the_table(
    deliver: "Deliver", ready: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.stop()
    await deliver(order_event("confirmed"), mailer=ready)
    await until(lambda: _full(ready))
    await until(lambda: _given_back(sql))
    await deliver(*[order_event("confirmed") for _ in range(10)], mailer=ready)
    leased = sql.execute("SELECT count(*) FROM notification WHERE leased").fetchone()
    assert leased is not None
    assert leased[0] <= 1, "only one that shows whether the server is back"
    await smtp.start()
    await until(lambda: _all_sent(sql), 30)
    assert len(smtp.received) == 11
    await until(lambda: _ready(ready))


async def _given_back(sql: psycopg.Connection) -> bool:
    """Whether it is noted that the server took nothing."""
    return sql.execute("SELECT bool_or(leased), sum(taken) > 0 FROM notification").fetchone() == (False, True)


async def _full(mailer: Mailer) -> bool:
    return mailer.room() == 0


async def test_a_sender_that_lost_its_lease_changes_nothing_of_the_mail(
    deliver: "Deliver", settings: NotificationSettings, ready: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.stop()
    async with _silent_server(settings.smtp_port) as connected:
        await deliver(order_event("confirmed"), mailer=ready)
        await until(lambda: _reached(connected))
        # Another replica took it, and tries it for the first time.
        sql.execute("UPDATE notification SET taken = 2, due_at = now() + interval '1 hour'")
    await until(lambda: _given_up(ready))
    fenced = sql.execute("SELECT leased, taken, failures, unknown_answers FROM notification").fetchall()
    assert fenced == [(True, 2, 0, 0)]


async def _reached(connected: list[asyncio.StreamWriter]) -> bool:
    return bool(connected)


async def _given_up(mailer: Mailer) -> bool:
    return mailer._recorder._outcomes.empty() and mailer._jobs.room() == ROOM


async def test_what_another_process_leaves_due_is_found_without_being_told_of(
    deliver: "Deliver", ready: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    await deliver(order_event("confirmed"))
    await until(lambda: _all_sent(sql), 10)
    assert len(smtp.received) == 1
    assert ready.room() == ROOM


async def test_a_killed_process_loses_no_mail_and_repeats_only_what_is_counted(
    database_url: str, smtp: "MailServer", database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    command = ("-m", "tests.integration.notification.killed", database_url, str(settings.smtp_port), "400")
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        await until(lambda: _received(smtp, 100), 30)
    finally:
        process.kill()
        await process.wait()
    told = sql.execute("SELECT count(*) FROM notification").fetchone()
    sql.execute("UPDATE notification SET due_at = now() + interval '1 second' WHERE leased")
    async with Mailer(database, settings):
        await until(lambda: _all_sent(sql), 30)
    counts = Counter(smtp.ids())
    ids = sql.execute("SELECT '<' || order_id || '.order_confirmed@mercato>' FROM notification").fetchall()
    assert set(counts) == {row[0] for row in ids}
    assert told == (len(counts),)
    unknown = sql.execute("SELECT sum(unknown_answers) FROM notification").fetchone()
    assert unknown is not None
    assert sum(counts.values()) - len(counts) <= unknown[0]


async def _received(smtp: "MailServer", count: int) -> bool:
    return len(smtp.received) >= count

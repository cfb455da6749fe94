import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg

from services.chassis.storage.database import Database
from services.notification.mailer import Mailer
from services.notification.settings import NotificationSettings
from tests.support.order_events import order_event
from tests.support.serving import until

if TYPE_CHECKING:
    from tests.integration.notification.conftest import Deliver, MailServer

TO_SEND = "SELECT count(*) FROM notification WHERE sent_at IS NULL AND failed_at IS NULL"


async def _all_sent(sql: psycopg.Connection) -> bool:
    return sql.execute(TO_SEND).fetchone() == (0,)


async def test_a_confirmed_order_is_mailed_once_with_a_message_id_of_its_own(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    event = order_event("confirmed")
    await deliver(event, mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert smtp.ids() == [f"<{event.key}.order_confirmed@mercato>"]
    assert smtp.received[0].rcpt_tos == ["ann@shop.test"]
    assert smtp.received[0].mail_from == "orders@mercato.localhost"


async def test_many_mails_go_out_once_each_though_two_replicas_send(
    deliver: "Deliver", smtp: "MailServer", database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    events = [order_event("confirmed") for _ in range(300)]
    async with Mailer(database, settings) as one, Mailer(database, settings) as other:
        for start in range(0, 300, 100):
            await deliver(*events[start : start + 100], mailer=one if start else other)
        await until(lambda: _all_sent(sql), 30)
    assert Counter(smtp.ids()) == Counter(f"<{event.key}.order_confirmed@mercato>" for event in events)


async def test_the_mail_goes_on_in_the_trace_of_the_event(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    event = order_event("rejected", reason="out_of_stock")
    trace_id = uuid4().hex
    await deliver(replace(event, trace=f"00-{trace_id}-00000000000000aa-01"), mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert isinstance(smtp.received[0].content, bytes)
    assert f"traceparent: 00-{trace_id}-".encode() in smtp.received[0].content


async def test_a_mail_server_that_is_away_delays_mails_and_loses_none(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.stop()
    events = [order_event("cancelled") for _ in range(5)]
    await deliver(*events, mailer=mailer)
    await until(lambda: _tried(sql))
    await smtp.start()
    await until(lambda: _all_sent(sql), 30)
    assert Counter(smtp.ids()) == Counter(f"<{event.key}.order_cancelled@mercato>" for event in events)
    assert sql.execute("SELECT sum(unknown_answers) FROM notification").fetchone() == (0,)


async def _tried(sql: psycopg.Connection) -> bool:
    row = sql.execute("SELECT coalesce(max(taken), 0) FROM notification").fetchone()
    return row is not None and row[0] >= 2


async def test_a_temporary_refusal_is_tried_again(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.answers = ["451 try later", "452 no room"]
    await deliver(order_event("confirmed"), mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert len(smtp.received) == 1
    assert sql.execute("SELECT failures, unknown_answers FROM notification").fetchall() == [(2, 0)]


async def test_a_lost_answer_repeats_the_same_message_id_and_is_counted(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.answers = [None]
    await deliver(order_event("confirmed"), mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert len(smtp.received) == 2
    assert len(set(smtp.ids())) == 1
    assert sql.execute("SELECT unknown_answers FROM notification").fetchall() == [(1,)]


async def test_a_sender_that_died_leaves_its_mails_to_others_when_its_lease_is_over(
    deliver: "Deliver", smtp: "MailServer", sql: psycopg.Connection, database: Database, settings: NotificationSettings
) -> None:
    await deliver(order_event("confirmed"))
    sql.execute("UPDATE notification SET leased = true, taken = 1, due_at = now() + interval '1 second'")
    async with Mailer(database, settings):
        await until(lambda: _all_sent(sql))
    assert sql.execute("SELECT unknown_answers FROM notification").fetchall() == [(1,)]
    assert len(smtp.received) == 1


async def test_a_recipient_refused_for_good_does_not_hold_up_the_others(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.refuse["gone@shop.test"] = "550 no such mailbox"
    gone = [order_event("confirmed", contact={"name": "G", "email": "gone@shop.test"}) for _ in range(3)]
    await deliver(gone[0], order_event("confirmed"), gone[1], order_event("confirmed"), gone[2], mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert len(smtp.received) == 2
    failed = sql.execute("SELECT failure FROM notification WHERE failed_at IS NOT NULL").fetchall()
    assert failed == [("550 no such mailbox",)] * 3
    letters = sql.execute("SELECT topic, key, headers ->> 'ce_id', headers ->> 'mercato-error' FROM outbox").fetchall()
    assert {(topic, key, ce_id) for topic, key, ce_id, _ in letters} == {
        ("order.events.notification.dead-letter", event.key, event.id) for event in gone
    }
    assert "550 no such mailbox" in letters[0][3]


async def test_a_refused_mail_is_sent_after_its_event_is_replayed(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    smtp.refuse["ann@shop.test"] = "550 mailbox closed"
    event = order_event("confirmed")
    await deliver(event, mailer=mailer)
    await until(lambda: _all_sent(sql))
    smtp.refuse.clear()
    await deliver(event, mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert len(smtp.received) == 1
    assert sql.execute("SELECT sent_at IS NOT NULL, failed_at FROM notification").fetchall() == [(True, None)]


async def test_an_address_that_mail_cannot_carry_fails_with_its_reason(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    for email in ("änn@shop.test", "", "ann@shop.test\r\nBcc: eve@shop.test"):
        await deliver(order_event("confirmed", contact={"name": "Ann", "email": email}), mailer=mailer)
    await until(lambda: _all_sent(sql))
    assert sql.execute("SELECT count(*) FROM notification WHERE failed_at IS NOT NULL").fetchone() == (3,)
    assert smtp.received == []


async def test_without_a_mail_server_messages_count_as_sent(
    deliver: "Deliver", database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    settings.__dict__["smtp_host"] = None
    async with Mailer(database, settings) as mailer:
        await deliver(order_event("confirmed"), mailer=mailer)
        await until(lambda: _all_sent(sql))


async def test_stopping_gives_back_what_was_not_sent_without_counting_it(
    deliver: "Deliver", smtp: "MailServer", database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    events = [order_event("confirmed") for _ in range(200)]
    async with Mailer(database, settings) as mailer:
        await deliver(*events, mailer=mailer)
        await until(lambda: _some(smtp))
    assert sql.execute("SELECT count(*) FROM notification WHERE leased").fetchone() == (0,)
    async with Mailer(database, settings):
        await until(lambda: _all_sent(sql), 30)
    assert len(smtp.received) == len(set(smtp.ids())) == 200
    assert sql.execute("SELECT sum(unknown_answers) FROM notification").fetchone() == (0,)


async def _some(smtp: "MailServer") -> bool:
    return bool(smtp.received)


async def test_a_mail_server_that_hangs_is_given_up_in_time(
    deliver: "Deliver", database: Database, settings: NotificationSettings, sql: psycopg.Connection
) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    settings.__dict__["smtp_timeout"] = 0.2
    server = await asyncio.start_server(hang, "127.0.0.1", settings.smtp_port)
    async with server:
        await deliver(order_event("confirmed"))
        async with Mailer(database, settings):
            await until(lambda: _tried(sql))
    assert sql.execute("SELECT sent_at FROM notification").fetchall() == [(None,)]

"""What an order event says of a person is mailed: over a real Kafka, PostgreSQL and SMTP, into the mail catcher."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import psycopg
import pytest

from services.chassis.messaging.messages import Message
from services.chassis.messaging.producer import Producer, Record
from services.chassis.texts.addresses import mailable
from services.notification.app import build
from services.notification.mailer import Mailer
from services.notification.settings import NotificationSettings
from tests.support.names import NAMES
from tests.support.order_events import order_event
from tests.support.ports import free_port
from tests.support.serving import served, until
from tryout.mailcatcher import app as mailcatcher
from tryout.mailcatcher.settings import MailCatcherSettings

if TYPE_CHECKING:
    from tests.integration.notification.conftest import Deliver, MailServer

EVENTS = "order.events"
ADDRESSES = (
    "ann@shop.test",
    "Ann.O'Neil+tag@Shop.Test",
    "a!#$%&'*+/=?^_`{|}~-z@shop.test",
    "=?utf-8?q?x?=@shop.test",
    "ann@xn--bcher-kva.example",
    "-ann@mailhost",
    "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".test",
)


@pytest.fixture
async def catcher(settings: NotificationSettings, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    own = MailCatcherSettings(host="127.0.0.1", smtp_port=settings.smtp_port, mail_directory=tmp_path / "mail")
    async with served(mailcatcher.build(own), free_port()) as base, aiohttp.ClientSession(base) as session:
        yield session


@pytest.fixture
async def service(
    settings: NotificationSettings, catcher: aiohttp.ClientSession, kafka_bootstrap: str, topics: Callable[..., str]
) -> AsyncIterator[NotificationSettings]:
    for name in (EVENTS, f"{EVENTS}.notification.retry", f"{EVENTS}.notification.dead-letter"):
        topics(2, name=name)
    settings.__dict__["kafka_bootstrap"] = kafka_bootstrap
    settings.__dict__["mail_from"] = "Ölkannen\u3000& Söhne <orders@shop.test>"
    async with served(build(settings)):
        yield settings


async def _publish(settings: NotificationSettings, events: list[Message]) -> None:
    async with Producer(settings) as producer:
        await producer.send([Record(EVENTS, one.key, one.payload(), one.headers("order")) for one in events])


def _event(name: str, email: str = "ann@shop.test") -> Message:
    line = {"product_id": "01a2066e-b32a-724f-a99c-6738e21b244d", "sku": "X", "name": name, "quantity": 1}
    price = {"amount": 100, "currency": "EUR"}
    return order_event("confirmed", contact={"name": name, "email": email}, lines=[{**line, "unit_price": price}])


async def test_every_name_and_address_is_mailed_and_shown_in_the_inbox_as_it_is(
    service: NotificationSettings, catcher: aiohttp.ClientSession, sql: psycopg.Connection
) -> None:
    assert [address for address in ADDRESSES if mailable(address) != address] == []
    wanted = [(name, "ann@shop.test") for name in NAMES] + [("Ann", address) for address in ADDRESSES]
    events = {(name, email): _event(name, email) for name, email in wanted}
    await _publish(service, list(events.values()))

    async def all_settled() -> bool:
        settled = "SELECT count(*) FROM notification WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL"
        return sql.execute(settled).fetchone() == (len(events),)

    await until(all_settled, 60)
    refused = sql.execute("SELECT recipient_name, recipient, failure FROM notification WHERE failed_at IS NOT NULL")
    assert refused.fetchall() == []
    mails = {mail["order_id"]: mail for mail in await _get(catcher, "/messages?limit=1000")}
    lost = [key for key, event in events.items() if not await _arrived(catcher, mails, key, event)]
    assert lost == []


async def _arrived(catcher: aiohttp.ClientSession, mails: dict[str, Any], key: tuple[str, str], event: Message) -> bool:
    name, email = key
    mail = mails[event.key]
    text = f"Hello {name},\n" in mail["text"] and f"\n  1 x {name}, 1.00 EUR each\n" in mail["text"]
    if not text or mail["to"] != [email] or mail["from"] != "Ölkannen\u3000& Söhne <orders@shop.test>":
        return False
    headers = dict((await _get(catcher, f"/messages/{mail['id']}"))["headers"])
    shown = headers["To"].removesuffix(f" <{email}>")
    return shown in {name, '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'}


async def _get(catcher: aiohttp.ClientSession, path: str) -> Any:
    async with catcher.get(path) as answer:
        assert answer.status == 200
        return await answer.json()


async def test_a_message_that_an_older_version_could_not_mail_is_mailed_when_it_is_replayed(
    deliver: "Deliver", mailer: Mailer, smtp: "MailServer", sql: psycopg.Connection
) -> None:
    event = _event("山田\u3000太郎")
    smtp.refuse["ann@shop.test"] = "550 no such mailbox"
    await deliver(event, mailer=mailer)

    async def failed() -> bool:
        return sql.execute("SELECT count(*) FROM notification WHERE failed_at IS NOT NULL").fetchone() == (1,)

    await until(failed)
    sql.execute("UPDATE notification SET failure = 'the name has control characters'")
    smtp.refuse.clear()
    await deliver(event, mailer=mailer)

    async def sent() -> bool:
        return sql.execute("SELECT count(*) FROM notification WHERE sent_at IS NOT NULL").fetchone() == (1,)

    await until(sent)
    assert smtp.ids() == [f"<{event.key}.order_confirmed@mercato>"]

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import aiohttp
import aiosmtplib
import pytest

from tests.support.serving import served
from tryout.mailcatcher.app import build
from tryout.mailcatcher.dialogue import MAX_MESSAGE
from tryout.mailcatcher.settings import MailCatcherSettings


def _message(to: str = "ann@shop.test", order: str | None = None, subject: str = "Hällo") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Mercato <orders@shop.test>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{uuid4()}@shop.test>"
    if order:
        message["X-Mercato-Order"] = order
    message.set_content("Grüße\n.a dot first\n")
    message.add_alternative("<p>Gr&uuml;&szlig;e</p><script>alert(1)</script>", subtype="html")
    return message


async def _send(settings: MailCatcherSettings, *messages: EmailMessage) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=settings.smtp_port) as client:
        for message in messages:
            await client.send_message(message)


async def _messages(http: aiohttp.ClientSession, **query: str) -> list[dict[str, Any]]:
    async with http.get("/messages", params=query) as answer:
        assert answer.status == 200
        found: list[dict[str, Any]] = await answer.json()
        return found


async def test_a_message_is_shown_as_it_was_meant(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    order = str(uuid4())
    message = _message(order=order)
    await _send(settings, message)
    [summary] = await _messages(catcher)
    assert summary["from"] == "Mercato <orders@shop.test>"
    assert summary["to"] == ["ann@shop.test"]
    assert summary["subject"] == "Hällo"
    assert summary["message_id"] == message["Message-ID"]
    assert summary["order_id"] == order
    assert summary["text"] == "Grüße\n.a dot first\n"
    async with catcher.get(f"/messages/{summary['id']}") as answer:
        assert "<p>Gr&uuml;&szlig;e</p>" in (await answer.json())["html"]


async def test_messages_are_found_by_recipient_and_by_order_newest_first(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    order = str(uuid4())
    await _send(
        settings,
        _message("ann@shop.test", order, "1"),
        _message("bob@shop.test", order, "2"),
        _message("ann@shop.test", None, "3"),
    )
    assert [one["subject"] for one in await _messages(catcher)] == ["3", "2", "1"]
    assert [one["subject"] for one in await _messages(catcher, to="ANN@shop.test")] == ["3", "1"]
    assert [one["subject"] for one in await _messages(catcher, order=order)] == ["2", "1"]
    assert [one["subject"] for one in await _messages(catcher, order=order, to="ann@shop.test")] == ["1"]
    [newest] = await _messages(catcher, limit="1")
    assert [one["subject"] for one in await _messages(catcher, before=newest["id"])] == ["2", "1"]
    assert await _messages(catcher, order=str(uuid4())) == []


async def test_the_ids_of_all_mails_come_in_pages_repeats_included(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    one, two = _message(), _message()
    await _send(settings, one, two, one)
    async with catcher.get("/message-ids") as answer:
        listed = await answer.json()
    assert [mail["message_id"] for mail in listed] == [one["Message-ID"], two["Message-ID"], one["Message-ID"]]
    async with catcher.get("/message-ids", params={"before": listed[0]["id"], "limit": "1"}) as answer:
        assert await answer.json() == [listed[1]]
    async with catcher.get("/message-ids", params={"limit": "10001"}) as answer:
        assert answer.status == 422


async def test_messages_survive_a_restart_and_unfinished_ones_do_not(settings: MailCatcherSettings) -> None:
    order = str(uuid4())
    async with served(build(settings)):
        await _send(settings, _message(order=order))
    (settings.mail_directory / "half.part").write_bytes(b"From: ")
    async with served(build(settings)) as base, aiohttp.ClientSession(base) as http:
        assert len(await _messages(http, order=order)) == 1
    assert len(list(settings.mail_directory.iterdir())) == 1


async def test_too_large_a_message_is_refused_and_the_next_is_taken(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    large = EmailMessage()
    large["From"], large["To"] = "a@shop.test", "b@shop.test"
    large.set_content("x" * 70 + "\n" + ("y" * 70 + "\n") * (MAX_MESSAGE // 70))
    with pytest.raises(aiosmtplib.SMTPException):
        await _send(settings, large)
    await _send(settings, _message())
    assert len(await _messages(catcher)) == 1


@contextmanager
def _full_disk() -> Iterator[None]:
    """No file of this process grows any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_answered_as_a_temporary_fault(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    message = _message()
    with _full_disk(), pytest.raises(aiosmtplib.SMTPDataError) as refusal:
        await _send(settings, message)
    assert refusal.value.code == 452
    assert await _messages(catcher) == []
    await _send(settings, message)
    assert [one["message_id"] for one in await _messages(catcher)] == [message["Message-ID"]]


async def test_nothing_in_a_message_can_act_in_the_inbox(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    await _send(settings, _message(subject="<img src=x onerror=alert(1)>"))
    async with catcher.get("/") as answer:
        page = await answer.text()
        assert "&lt;img" in page
        assert "<img" not in page
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    [summary] = await _messages(catcher)
    async with catcher.get(f"/inbox/{summary['id']}") as answer:
        page = await answer.text()
        assert "<script>" not in page
        assert "Grüße" in page


async def test_an_unknown_message_is_not_found_and_a_bad_limit_is_named(catcher: aiohttp.ClientSession) -> None:
    for path in (f"/messages/{uuid4()}", "/messages/..%2f..%2fetc", f"/inbox/{uuid4()}"):
        async with catcher.get(path) as answer:
            assert answer.status == 404
    async with catcher.get("/messages", params={"limit": "0"}) as answer:
        assert answer.status == 422

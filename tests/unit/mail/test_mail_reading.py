from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.chassis.runtime.ids import new_id
from tryout.mailcatcher.mailbox import FILE, Mailbox
from tryout.mailcatcher.reading import Letter, read, received_at


def _kept(directory: Path, content: bytes) -> Letter:
    mailbox = Mailbox(directory)
    mailbox.open()
    mailbox.add("a@shop.test", ["b@shop.test"], content)
    [entry] = mailbox.find(None, None, None, 10)
    raw = mailbox.read(entry.id)
    assert raw is not None
    return read(entry, raw)


def test_the_time_of_arrival_is_in_the_id() -> None:
    assert abs(received_at(str(new_id())) - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no headers at all",
        b"Subject: =?nonsense?q?x?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"Subject: \xff\xfe\r\n\r\n",
        b'Content-Type: multipart/alternative; boundary="x"\r\n\r\nno part',
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
    ],
)
def test_whatever_arrives_can_be_shown(tmp_path: Path, content: bytes) -> None:
    letter = _kept(tmp_path, content)
    assert letter.to == ("b@shop.test",)


def test_the_index_knows_the_mails_own_ids_also_after_a_restart(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.open()
    for content in (b"Subject: x\r\nmessage-id: <a@shop>\r\n\r\n", b"Subject: x\r\n\r\nMessage-ID: <body@shop>\r\n"):
        mailbox.add("a@shop.test", ["b@shop.test"], content)
    again = Mailbox(tmp_path)
    again.open()
    for kept in (mailbox, again):
        assert [entry.message_id for entry in kept.find(None, None, None, 10)] == [None, "<a@shop>"]


def test_a_message_cannot_claim_another_envelope(tmp_path: Path) -> None:
    letter = _kept(tmp_path, b"X-Envelope-To: eve@shop.test\r\nX-Mercato-Order: ABC\r\n\r\nX-Mercato-Order: body\r\n")
    assert letter.to == ("b@shop.test",)
    assert letter.order_id == "abc"


def test_what_earlier_versions_kept_in_files_is_taken_in_once(tmp_path: Path) -> None:
    first, second = str(new_id()), str(new_id())
    for message_id in (second, first):
        head = f"Return-Path: <a@shop>\r\nX-Envelope-To: {message_id}@shop.test\r\n"
        (tmp_path / f"{message_id}.eml").write_text(f"{head}Subject: x\r\n\r\ntext", newline="")
    for _ in range(2):
        mailbox = Mailbox(tmp_path)
        mailbox.open()
        assert [entry.id for entry in mailbox.find(None, None, None, 10)] == [second, first]
        assert [entry.id for entry in mailbox.find(f"{first}@shop.test", None, None, 10)] == [first]
        mailbox.close()
    assert [file.name for file in tmp_path.iterdir()] == [FILE]

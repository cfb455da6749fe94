"""Message-IDs are read alike from the mail catcher's folder and from its API, page by page."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.platform import mailbox as mailboxes
from cli.platform.errors import PlatformError
from tests.support.ports import free_port
from tests.support.serving import served
from tryout.mailcatcher.app import build
from tryout.mailcatcher.mailbox import FILE, Mailbox
from tryout.mailcatcher.settings import MailCatcherSettings

MAILS = [b"Message-ID: <%d@mercato>\r\nSubject: x\r\n\r\ntext" % (number // 2) for number in range(9)]
"""The first four were sent twice."""
IDS = sorted(f"<{number // 2}@mercato>" for number in range(9))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mailbox = Mailbox(tmp_path / "mail")
    mailbox.open()
    for mail in [*MAILS, b"Subject: without\r\n\r\ntext"]:
        mailbox.add("a@shop.test", ["b@shop.test"], mail)
    return tmp_path / "mail"


@pytest.fixture
async def url(folder: Path) -> AsyncIterator[str]:
    settings = MailCatcherSettings(host="127.0.0.1", smtp_port=free_port(), mail_directory=folder)
    async with served(build(settings)) as base:
        yield base


def test_the_folder_is_read(folder: Path) -> None:
    assert sorted(mailboxes.in_folder(folder)) == IDS


def test_a_folder_that_is_not_there_yet_holds_none(tmp_path: Path) -> None:
    assert list(mailboxes.in_folder(tmp_path / "ghost")) == []


def test_a_mailbox_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no mailbox" * 1000)
    with pytest.raises(PlatformError, match=rf"the mailbox {tmp_path / FILE} cannot be read: file is not a database"):
        list(mailboxes.in_folder(tmp_path))


@pytest.mark.parametrize("at_once", [10_000, 10, 3, 1])
async def test_the_api_is_read_page_by_page(url: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "_AT_ONCE", at_once)
    found = await asyncio.to_thread(lambda: list(mailboxes.over_http(url, "the pods")))
    assert sorted(found) == IDS


async def test_more_than_the_api_gives_at_once_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "_AT_ONCE", 10_001)
    with pytest.raises(PlatformError, match=r"does not answer as it should \(status 422\): see the pods"):
        await asyncio.to_thread(lambda: list(mailboxes.over_http(url, "the pods")))


def test_a_mail_catcher_that_is_away_is_one_line() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(
        PlatformError, match=rf"the mail catcher at {url} does not answer as it should .*: see the pods"
    ):
        list(mailboxes.over_http(url, "the pods"))

"""The mail catcher's SMTP, as clients of every habit speak it."""

import asyncio
import smtplib
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from tests.support.serving import until
from tryout.mailcatcher import protocol
from tryout.mailcatcher.dialogue import MAX_MESSAGE
from tryout.mailcatcher.settings import MailCatcherSettings

ENVELOPE = b"MAIL FROM:<a@shop.test>\r\nRCPT TO:<b@shop.test>\r\nDATA\r\n"


class Talk:
    """One connection, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, text: bytes) -> None:
        self._writer.write(text)
        await self._writer.drain()

    async def codes(self, count: int) -> list[int]:
        """Of so many replies."""
        found: list[int] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                line = await self._reader.readuntil(b"\n")
                assert line.endswith(b"\r\n")
                if line[3:4] == b" ":
                    found.append(int(line[:3]))
        return found

    async def asked(self, text: bytes, count: int = 1) -> list[int]:
        await self.say(text)
        return await self.codes(count)

    async def rest(self) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.read()

    def close(self) -> None:
        self._writer.close()

    async def abort(self) -> None:
        """Without the replies that wait."""
        self._writer.transport.abort()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


@pytest.fixture
async def talk(catcher: aiohttp.ClientSession, settings: MailCatcherSettings) -> Any:
    one = Talk(*await asyncio.open_connection("127.0.0.1", settings.smtp_port))
    assert await one.codes(1) == [220]
    yield one
    await one.abort()


async def _texts(http: aiohttp.ClientSession) -> list[str]:
    async with http.get("/messages") as answer:
        return [one["text"] for one in reversed(await answer.json())]


async def test_messages_one_behind_the_other_in_one_piece_are_all_answered(
    talk: Talk, catcher: aiohttp.ClientSession
) -> None:
    mail = ENVELOPE + b"\r\n%d\r\n.\r\n"
    replies = await talk.asked(b"EHLO me\r\n" + mail % 1 + mail % 2 + b"QUIT\r\n", 10)
    assert replies == [250, 250, 250, 354, 250, 250, 250, 354, 250, 221]
    assert await talk.rest() == b""
    assert await _texts(catcher) == ["1\n", "2\n"]


async def test_a_message_in_the_smallest_pieces_is_taken_as_it_was_meant(
    talk: Talk, catcher: aiohttp.ClientSession
) -> None:
    for octet in b"EHLO me\r\n" + ENVELOPE + b"\r\n.dot\r\n..\r\nbare\n.\nfeeds\r\n.\r\n":
        await talk.say(bytes([octet]))
        await asyncio.sleep(0)  # each in a piece of its own
    assert await talk.codes(5) == [250, 250, 250, 354, 250]
    [text] = await _texts(catcher)
    assert text == "dot\n.\nbare\n.\nfeeds\n"


async def test_a_message_may_be_empty(talk: Talk, catcher: aiohttp.ClientSession) -> None:
    assert await talk.asked(b"EHLO me\r\n" + ENVELOPE + b".\r\n", 5) == [250, 250, 250, 354, 250]
    assert await _texts(catcher) == [""]


@pytest.mark.parametrize(
    ("commands", "codes"),
    [
        (b"MAIL FROM:<a@b>\r\n", [503]),
        (b"HELO me\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", [250, 250, 503]),
        (b"EHLO me\r\nRCPT TO:<a@b>\r\nDATA\r\n", [250, 503, 503]),
        (b"EHLO me\r\nMAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<a@b>\r\n", [250, 250, 250, 503]),
        (b"EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\n", [250, 250, 501]),
        (b'EHLO me\r\nmail from: <a@b> size=10 BODY=8BITMIME\r\nrcpt to:<"a > b"@c>\r\n', [250, 250, 250]),
        (b"EHLO me\r\nMAIL FROM:<a@b> SIZE=5242881\r\nMAIL FROM:<a@b> SIZE=x\r\n", [250, 552, 501]),
        (b"EHLO me\r\nMAIL FROM:<a@b> SIZE=" + b"9" * 1500 + b"\r\n", [250, 552]),
        (b"EHLO me\r\nMAIL FROM:<a@b> X=1\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b> X=1\r\n", [250, 555, 250, 555]),
        (b"EHLO me\r\nMAIL TO:<a@b>\r\nMAIL FROM:<a b>\r\nMAIL\r\n", [250, 501, 501, 501]),
        (b"NOOP\r\nVRFY a@b\r\nHELP\r\n\r\nEXPN list\r\n\xff\xfe\r\n", [250, 252, 214, 500, 500, 500]),
    ],
)
async def test_commands_are_answered_by_the_standard(talk: Talk, commands: bytes, codes: list[int]) -> None:
    assert await talk.asked(commands, len(codes)) == codes


async def test_a_message_to_too_many_keeps_those_that_were_taken(talk: Talk) -> None:
    commands = b"EHLO me\r\nMAIL FROM:<a@b>\r\n" + b"RCPT TO:<c@d>\r\n" * 1001
    assert await talk.asked(commands, 1003) == [250] * 1002 + [452]


async def test_too_long_a_line_and_too_large_a_message_are_refused_and_the_next_is_taken(
    talk: Talk, catcher: aiohttp.ClientSession
) -> None:
    await talk.asked(b"EHLO me\r\n")
    for content, code in ((b"x" * 1000 + b"\r\n", 500), (b"y" * 70 + b"\r\n", 552), (b"z" * 70 + b"\r\n", 250)):
        times = MAX_MESSAGE // 70 if code == 552 else 1
        assert await talk.asked(ENVELOPE + b"\r\n" + content * times + b".\r\n", 4) == [250, 250, 354, code]
    assert await _texts(catcher) == ["z" * 70 + "\n"]


@pytest.mark.parametrize("end", [b"", b"\r\n"])
async def test_a_command_without_end_ends_the_connection(talk: Talk, end: bytes) -> None:
    await talk.say(b"NOOP " + b"x" * 3000 + end)
    assert (await talk.rest()).startswith(b"500 ")


async def test_a_client_that_says_nothing_is_let_go(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_IDLE_SECONDS", 0.2)
    talk = Talk(*await asyncio.open_connection("127.0.0.1", settings.smtp_port))
    assert await talk.asked(b"NOOP\r\n", 2) == [220, 250]
    assert (await talk.rest()).startswith(b"421 ")
    talk.close()


async def test_a_client_that_reads_no_replies_is_not_read_either_until_it_does(talk: Talk) -> None:
    async def fill(octets: int) -> None:
        for _ in range(octets // 60_000):
            async with asyncio.timeout(2):
                await talk.say(b"NOOP\r\n" * 10_000)

    # More than the two sockets hold.
    with pytest.raises(TimeoutError):
        await fill(30_000_000)
    assert set(await talk.codes(10_000)) == {250}


async def test_half_a_message_is_none(
    catcher: aiohttp.ClientSession, talk: Talk, settings: MailCatcherSettings
) -> None:
    await talk.asked(b"EHLO me\r\n" + ENVELOPE + b"half\r\n", 4)
    talk.close()
    other = Talk(*await asyncio.open_connection("127.0.0.1", settings.smtp_port))
    assert await other.asked(b"EHLO me\r\n" + ENVELOPE + b"\r\nwhole\r\n.\r\n", 6) == [220, 250, 250, 250, 354, 250]
    other.close()
    assert await _texts(catcher) == ["whole\n"]


async def test_the_standard_librarys_client_is_understood(
    catcher: aiohttp.ClientSession, settings: MailCatcherSettings
) -> None:
    def send() -> dict[str, Any]:
        with smtplib.SMTP("127.0.0.1", settings.smtp_port, timeout=10) as client:
            return client.sendmail("a@shop.test", ["b@shop.test", "c@shop.test"], "Subject: x\n\n.a\nb\n")

    assert await asyncio.to_thread(send) == {}

    async def arrived() -> bool:
        return await _texts(catcher) == [".a\nb\n"]

    await until(arrived)

"""Commands and replies on an open SMTP connection (RFC 5321), several under way at once where the server offers it.

aiosmtplib opens connections, TLS included, but waits for the reply to each command: a mail is four ways to the server
and back with it, which cost more than all else that is done for a mail. With PIPELINING (RFC 2920) they are two.
"""

import asyncio
from collections import deque
from typing import NamedTuple

# A reply has some lines of at most 512 octets (RFC 5321, section 4.5.3.1.5); whoever sends more never ends.
_LONGEST_REPLY = 32_768


class Reply(NamedTuple):
    """`text` of several lines is joined by blanks."""

    code: int
    text: str

    @property
    def fine(self) -> bool:
        """It was done, or goes on (RFC 5321, section 4.2.1)."""
        return 200 <= self.code < 400

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Exchange(asyncio.Protocol):
    """Takes over a connection between two commands. `pipelining`: whether the server offers it."""

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool) -> None:
        self._transport = transport
        self._pipelining = pipelining
        self._buffer = b""
        self._lines: list[str] = []
        self._waiting: deque[asyncio.Future[Reply | None]] = deque()
        transport.set_protocol(self)

    @property
    def open(self) -> bool:
        return not self._transport.is_closing()

    async def ask(self, *commands: bytes) -> list[Reply]:
        """A reply for each command (a line, or a message's content, with its end).

        Fewer when the connection ends; without pipelining also behind the first that is not fine.
        """
        groups = [commands] if self._pipelining else [(command,) for command in commands]
        replies: list[Reply] = []
        for group in groups:
            answers = [reply for reply in await self._asked(group) if reply]
            replies += answers
            if len(answers) < len(group) or not answers[-1].fine:
                break
        return replies

    async def _asked(self, commands: tuple[bytes, ...]) -> list[Reply | None]:
        if not self.open:
            return []
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[Reply | None]] = [loop.create_future() for _ in commands]
        self._waiting.extend(waiting)
        self._transport.write(b"".join(commands))
        try:
            return [await reply for reply in waiting]
        except asyncio.CancelledError:
            self.close()  # a late reply would be taken for that to the next command
            raise

    def close(self) -> None:
        """At once, without a word."""
        self._transport.abort()
        self._give_up()

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._read(line.decode(errors="replace").rstrip("\r"))
        if len(self._buffer) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self.close()

    def _read(self, line: str) -> None:
        code, more, text = line[:3], line[3:4] == "-", line[4:]
        # What nobody asked for is a good-bye or a fault: either way nothing that follows can be understood.
        if not self._waiting or not (code.isascii() and code.isdigit() and len(code) == 3):
            self.close()
            return
        self._lines.append(text)
        if not more:
            reply = Reply(int(code), " ".join(self._lines))
            self._lines = []
            self._answer(self._waiting.popleft(), reply)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._give_up()

    def _give_up(self) -> None:
        while self._waiting:
            self._answer(self._waiting.popleft(), None)

    @staticmethod
    def _answer(waiting: "asyncio.Future[Reply | None]", reply: Reply | None) -> None:
        if not waiting.done():  # whoever asked may have gone
            waiting.set_result(reply)

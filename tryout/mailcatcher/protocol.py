"""A client's connection: all that has come is read, then answered at once (PIPELINING, RFC 2920).

A server that awaits line by line takes twice the processor time for a message, and so does its client.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from tryout.mailcatcher.dialogue import MAX_MESSAGE, NAME, Dialogue, Keep

# RFC 5321, section 4.5.3.2.7.
_IDLE_SECONDS = 300.0
_LONGEST_COMMAND = 2048
_END = b"\r\n.\r\n"


class Connection(asyncio.Protocol):
    """Its messages go to `keep`, on the event loop's thread. It is among the open ones until it is lost."""

    def __init__(self, keep: Keep, open_ones: set["Connection"]) -> None:
        self._open = open_ones
        self._lost = asyncio.Event()
        self._dialogue = Dialogue(keep)
        self._buffer = bytearray()
        self._searched = 0
        self._too_large = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # it is one by its methods, whatever the event loop
        self._open.add(self)
        self._loop = asyncio.get_running_loop()
        self._seen = self._loop.time()
        self._timer = self._loop.call_later(_IDLE_SECONDS, self._check_idle)
        self._answer([f"220 {NAME} Mercato mail catcher"])

    def connection_lost(self, _exc: Exception | None) -> None:
        self._timer.cancel()
        self._open.discard(self)
        self._lost.set()

    async def abort(self) -> None:
        """Ends it at once: what was not answered was not taken."""
        self._transport.abort()
        await self._lost.wait()

    def pause_writing(self) -> None:
        self._transport.pause_reading()  # who does not read the replies is not read either

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._seen = self._loop.time()
        self._buffer += data
        replies: list[str] = []
        while not self._dialogue.ended and (reply := self._next()):
            replies.append(reply)
        self._answer(replies)
        if self._dialogue.ended:
            self._transport.close()
        elif not self._dialogue.receiving and len(self._buffer) > _LONGEST_COMMAND:
            self._end("500 Command line too long")

    def _next(self) -> str | None:
        """The reply to what comes next; None when that has not come whole."""
        if self._dialogue.receiving:
            return self._content()
        end = self._buffer.find(b"\n")
        if not 0 <= end <= _LONGEST_COMMAND:
            return None
        line = self._buffer[:end].decode(errors="surrogateescape").rstrip("\r")
        del self._buffer[: end + 1]
        reply = self._dialogue.command(line)
        if self._dialogue.receiving:
            # As if the command's line end were the message's own: its end may come at once.
            self._buffer[:0] = b"\r\n"
            self._searched, self._too_large = 0, False
        return reply

    def _content(self) -> str | None:
        end = self._buffer.find(_END, self._searched)
        if end < 0:
            if len(self._buffer) > MAX_MESSAGE + len(_END):
                self._too_large = True
                del self._buffer[: -len(_END)]
            self._searched = max(0, len(self._buffer) - len(_END))
            return None
        # A dot that begins a line was doubled by the client, or is one too many (section 4.5.2).
        content = bytes(self._buffer[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]
        del self._buffer[: end + len(_END)]
        return self._dialogue.message(None if self._too_large else content)

    def _check_idle(self) -> None:
        left = self._seen + _IDLE_SECONDS - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check_idle)
        else:
            self._end("421 Nothing came for too long")

    def _answer(self, replies: Sequence[str]) -> None:
        if replies:
            self._transport.write(("\r\n".join(replies) + "\r\n").encode(errors="replace"))

    def _end(self, word: str) -> None:
        self._answer([word])
        self._transport.close()

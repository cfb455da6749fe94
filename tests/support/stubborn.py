"""Clients that read nothing before they have written everything, and a tunnel that a reset breaks."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

PIECE = 64 * 1024
MEBIBYTE = 1024 * 1024
_SECONDS = 60.0


@dataclass(frozen=True)
class Said:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def slug(self) -> str:
        """The last part of a problem's type."""
        return str(orjson.loads(self.body)["type"]).rpartition("/")[2]


@dataclass
class Connection:
    """One connection that the test writes to and reads from as it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            async with asyncio.timeout(_SECONDS):
                await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of what is said next, a 100 included."""
        async with asyncio.timeout(_SECONDS):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value for name, value in headers.items()}

    async def said(self, *, body: bool = True) -> Said:
        status, headers = await self.head()
        length = int(headers.get("content-length", "0")) if body else 0
        async with asyncio.timeout(_SECONDS):
            return Said(status, headers, await self.reader.readexactly(length))

    async def silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                return not await self.reader.read(1)
        except TimeoutError:
            return True


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


def head(method: str, path: str, **headers: str | int) -> bytes:
    """A request's first lines; `_` in a header's name stands for `-`."""
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: gateway\r\n{told}\r\n".encode()


def plain(size: int) -> Iterator[bytes]:
    """A body of so many bytes."""
    for start in range(0, size, PIECE):
        yield b" " * min(PIECE, size - start)


def chunked(size: int) -> Iterator[bytes]:
    """The same in chunks (RFC 9112, 7.1)."""
    for piece in plain(size):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


async def sent(port: int, method: str, path: str, size: int, *, length: bool = True, **headers: str | int) -> Said:
    """The answer to a request whose body is written to its end before anything is read. Raises OSError on a reset."""
    framing: dict[str, str | int] = {"Content-Length": size} if length else {"Transfer-Encoding": "chunked"}
    async with connected(port) as connection:
        await connection.write(head(method, path, **framing, **headers))
        await connection.write(*(plain(size) if length else chunked(size)))
        return await connection.said()


@dataclass
class Tunnel:
    """As `kubectl port-forward`: once a connection to its far end was reset, the whole of it is of no more use."""

    port: int
    broken: list[OSError] = field(default_factory=list)


@asynccontextmanager
async def tunnel(to_port: int) -> AsyncIterator[Tunnel]:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if made.broken:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", to_port)
        up, down = asyncio.create_task(carry(reader, back)), asyncio.create_task(carry(there, writer))
        up.add_done_callback(lambda _: back.close())
        try:
            await asyncio.gather(up, down)
        except OSError as error:
            made.broken.append(error)
        finally:
            for task in (up, down):
                task.cancel()
            for one in (writer, back):
                one.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    made = Tunnel(server.sockets[0].getsockname()[1])
    async with server:
        yield made

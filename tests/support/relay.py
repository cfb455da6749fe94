"""Carries TCP connections from one address to another: `relay.py HOST PORT TO_HOST TO_PORT`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def relayed(host: str, port: int, to_host: str, to_port: int) -> AsyncIterator[None]:
    """While entered; connections that are open then are cut at the end."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(to_host, to_port)
        open_ones.update((writer, back))
        await asyncio.gather(_carry(reader, back), _carry(there, writer))
        open_ones.difference_update((writer, back))

    open_ones = set[asyncio.StreamWriter]()
    server = await asyncio.start_server(accept, host, port)
    try:
        yield
    finally:
        server.close()
        for writer in open_ones:
            writer.transport.abort()


async def main() -> None:
    host, port, to_host, to_port = sys.argv[1:]
    async with relayed(host, int(port), to_host, int(to_port)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

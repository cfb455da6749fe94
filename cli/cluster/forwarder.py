"""Carries connections from a port of this machine to the API server inside the node.

The listening socket was made outside the node's network namespace and stays there; what this process dials is inside.
"""

import asyncio
import contextlib
import socket
import sys

from cli.cluster import addresses

CONNECTIONS = 512
CHUNK = 64 * 1024
DIAL_TIMEOUT = 5.0


async def serve(listener: socket.socket, host: str, port: int) -> None:
    """Forward until cancelled; connections over the limit wait in the listener's queue."""
    slots = asyncio.Semaphore(CONNECTIONS)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with slots:
            try:
                async with asyncio.timeout(DIAL_TIMEOUT):
                    far_reader, far_writer = await asyncio.open_connection(host, port)
            except OSError:  # the API server is not there: the caller sees its connection closed; TimeoutError too
                writer.close()
                return
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_pump(reader, far_writer))
                    both.create_task(_pump(far_reader, writer))
            finally:
                writer.close()
                far_writer.close()

    server = await asyncio.start_server(forward, sock=listener, limit=CHUNK)
    async with server:
        await server.serve_forever()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy to the end of the stream, then pass the end on."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1])), "127.0.0.1", addresses.API_PORT))

"""`status` says why a process is not ready."""

import asyncio
import json

from cli.commands.status import _readiness
from cli.supervisor.table import Process
from tests.support.ports import free_port

BODY = {"status": "unready", "reasons": {"order.replies": "stopped reading"}, "admission": {"state": "open"}}


async def unready(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    body = json.dumps(BODY).encode()
    head = f"HTTP/1.1 503 Service Unavailable\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


def process(name: str, port: int, *, ready: bool) -> Process:
    return Process(name, name.partition("-")[0], 1, "127.0.0.1", port, None, ready=ready, restarts=0)


async def test_replicas_of_order_and_all_that_are_not_ready_are_asked() -> None:
    async with await asyncio.start_server(unready, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await _readiness(
            [
                process("order", port, ready=False),
                process("order-2", port, ready=True),
                process("product", port, ready=False),
                process("payment", port, ready=True),
                process("kafka", free_port(), ready=False),
            ]
        )
    assert told == {"order": BODY, "order-2": BODY, "product": BODY, "kafka": {}}

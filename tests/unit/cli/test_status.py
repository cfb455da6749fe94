"""`status` says why a process is not ready."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from cli.commands.status import _readiness
from cli.supervisor.table import Process

BODY = {"status": "unready", "reasons": {"order.replies": "stopped reading"}, "admission": {"state": "open"}}


class Unready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(json.dumps(BODY).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def unready() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Unready) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def process(name: str, port: int, *, ready: bool) -> Process:
    return Process(name, name.partition("-")[0], 1, "127.0.0.1", port, None, ready=ready, restarts=0)


async def test_replicas_of_order_and_all_that_are_not_ready_are_asked() -> None:
    with unready() as port:
        told = await _readiness(
            [
                process("order", port, ready=False),
                process("order-2", port, ready=True),
                process("product", port, ready=False),
                process("payment", port, ready=True),
                process("kafka", 1, ready=False),
            ]
        )
    assert told == {"order": BODY, "order-2": BODY, "product": BODY, "kafka": {}}

"""Runs a supervisor over dummy processes: `python dummies.py DATA PART…` (see the fixture `supervise`)."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from cli.ports import choose
from cli.supervisor import keeper
from cli.supervisor.logs import Logs
from cli.supervisor.probes import http
from cli.supervisor.progress import Event
from cli.supervisor.records import end_stragglers
from cli.supervisor.spec import Plan, ProcessSpec
from cli.supervisor.supervisor import Supervisor

DUMMY = """
import http.server, signal, sys
name, port, kind, diary = sys.argv[1:]
def note(word):
    with open(diary, "a") as book:
        book.write(f"{name} {word}\\n")
if kind == "!":
    sys.exit("this one cannot start")
if kind == "~":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if kind == "?" else 200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", int(port)), Handler)
note("started")
try:
    server.serve_forever()
finally:
    note("stopped")
"""


def spec(data: Path, part: str, port: int) -> ProcessSpec:
    head, _, needs = part.partition(":")
    name = head.rstrip("!?~")
    return ProcessSpec(
        name=name,
        service=name,
        command=(sys.executable, "-c", DUMMY, name, str(port), head[len(name) :] or "-", str(data / "diary")),
        environment={},
        ready=http(port, "/readyz"),
        port=port,
        needs=frozenset(filter(None, needs.split(","))),
        poll_every=0.1,
        grace=1.0,
    )


def main(data: Path, parts: list[str]) -> int:
    keeper.READY_WITHIN = 2.0
    end_stragglers(data)
    events = (data / "events").open("a", buffering=1)

    def note(event: Event) -> None:
        events.write(json.dumps(asdict(event)) + "\n")

    ports = choose(parts, {})
    plan = Plan([spec(data, part, ports[part]) for part in parts])
    with events:
        return asyncio.run(Supervisor(plan, data, Logs(data / "log"), note).run())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

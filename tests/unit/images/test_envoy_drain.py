"""The gateway's pod ends when its requests have."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import ModuleType

import pytest

from tests.support.loading import load


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    found = load("images/envoy/drain.py")
    monkeypatch.setattr(found, "EVERY", 0.01)
    return found


class Admin(HTTPServer):
    """Envoy's admin: `active` are the numbers it tells one after the other, the last for ever."""

    active: list[int]
    asked: list[str]


class Answers(BaseHTTPRequestHandler):
    server: Admin

    def do_GET(self) -> None:
        numbers = self.server.active
        self._answer(f"http.gateway.downstream_rq_active: {numbers.pop(0) if len(numbers) > 1 else numbers[0]}\n")

    def do_POST(self) -> None:
        self._answer("OK\n")

    def _answer(self, text: str) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def admin(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    with Admin(("127.0.0.1", 0), Answers) as server:
        server.active, server.asked = [0], []
        monkeypatch.setattr(program, "ADMIN", f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_listeners_are_drained_first_and_requests_waited_for(program: ModuleType, admin: Admin) -> None:
    admin.active = [2, 1, 0]
    program.drain(0.01, 30)
    assert admin.asked[0] == "POST /drain_listeners?graceful&skip_exit"
    assert len(admin.asked) == 4


def test_a_request_that_never_ends_is_not_waited_for_beyond_the_limit(program: ModuleType, admin: Admin) -> None:
    admin.active = [1]
    began = time.monotonic()
    program.drain(0.01, 0.2)
    assert 0.2 <= time.monotonic() - began < 5


def test_without_an_admin_the_time_of_draining_is_kept(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "ADMIN", "http://127.0.0.1:1")
    began = time.monotonic()
    program.drain(0.1, 30)
    assert 0.1 <= time.monotonic() - began < 5

"""`helm test` places an order as a customer does, and says what went wrong."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from mercato_operator.jobs import smoke
from mercato_operator.jobs.smoke import SmokeError

Answer = tuple[int, Any]


class Gateway(HTTPServer):
    """Answers as a platform on which the first order ends as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = ["PENDING", "CONFIRMED"]
        self.stock = 5
        self.failures: list[int] = []
        self.keys: list[str] = []

    def answer(self, method: str, path: str) -> Answer:
        if path == "/api/v1/customers":
            return 201, {"id": "c"}
        if path == "/api/v1/tokens":
            return 200, {"access_token": "t"}
        if path.startswith("/api/v1/products"):
            return 200, {"items": [{"id": "p", "available": self.stock}]}
        if method == "POST":
            return (self.failures.pop(), {"detail": "busy"}) if self.failures else (202, {"id": "o"})
        if path == "/api/v1/notifications":
            return 200, {"items": [{"order_id": "o"}]}
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return 200, {"status": status}


class Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        gateway = self.server
        assert isinstance(gateway, Gateway)
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if key := self.headers.get("idempotency-key"):
            gateway.keys.append(key)
        status, body = gateway.answer(self.command, self.path)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET: Callable[..., None] = _answer  # noqa: N815 - the names the standard library calls
    do_POST: Callable[..., None] = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Quiet."""


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(smoke, "_PAUSE", 0.0)
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url(gateway: Gateway) -> str:
    return f"http://127.0.0.1:{gateway.server_port}"


def test_an_order_that_is_confirmed_and_told_is_a_success(gateway: Gateway) -> None:
    assert smoke.smoke(url(gateway)) == "o"


def test_a_busy_platform_is_asked_again_with_the_same_key(gateway: Gateway) -> None:
    gateway.failures = [503]
    assert smoke.smoke(url(gateway)) == "o"
    assert len(gateway.keys) == 2
    assert len(set(gateway.keys)) == 1


def test_an_order_that_is_rejected_is_a_failure(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.statuses = ["REJECTED"]
    monkeypatch.setenv("MERCATO_GATEWAY_URL", url(gateway))
    with pytest.raises(SystemExit, match="smoke: order o is REJECTED, not CONFIRMED"):
        smoke.main()


def test_an_empty_shop_is_told(gateway: Gateway) -> None:
    gateway.stock = 0
    with pytest.raises(SmokeError, match="nothing is in stock"):
        smoke.smoke(url(gateway))


def test_a_refusal_is_told_with_its_reason(gateway: Gateway) -> None:
    gateway.failures = [422]
    with pytest.raises(SmokeError, match=r"POST /api/v1/orders: 422 .*busy"):
        smoke.smoke(url(gateway))

"""The lean client: one request, one answer, and the truth about whether it was sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from services.chassis.http import client as module
from services.chassis.http import exchange
from services.chassis.http.client import HttpClient, NotConnected
from services.chassis.http.exchange import Reply
from tests.support.ports import free_port

OK = b"HTTP/1.1 200 OK\r\nX-One: 1\r\ncontent-length: 2\r\n\r\nhi"


class Server:
    """Answers each request by `answer`; None: closes. Counts connections, keeps what it read."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()
        self.serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.serving.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
                self.requests.append(head + body)
                self.asked.set()
                if self.answer is None:
                    break
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.closed.set()


@asynccontextmanager
async def serving(answer: bytes | None, path: str = "") -> AsyncIterator[tuple[Server, HttpClient]]:
    server = Server(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        async with HttpClient(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}{path}") as client:
            yield server, client
        async with asyncio.timeout(5):
            await asyncio.gather(*(task for task in server.serving if task))


async def ask(client: HttpClient, body: bytes | None = b"a=1", seconds: float = 5.0) -> Reply:
    return await client.request("POST", "/x", {"key": "k"}, body, seconds)


async def test_requests_one_after_another_share_a_connection() -> None:
    async with serving(OK, "/base") as (server, client):
        for _ in range(3):
            assert await ask(client) == Reply(200, {"x-one": "1", "content-length": "2"}, b"hi")
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /base/x HTTP/1.1\r\nhost: 127.0.0.1:")
        assert server.requests[0].endswith(b"\r\nkey: k\r\ncontent-length: 3\r\n\r\na=1")


async def test_requests_at_once_have_connections_of_their_own() -> None:
    async with serving(OK) as (server, client):
        await asyncio.gather(*(ask(client, None) for _ in range(5)))
        assert server.connections == 5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK,
    ],
)
async def test_an_answer_in_pieces_is_put_together(answer: bytes) -> None:
    async with serving(answer) as (server, client):
        for _ in range(2):
            reply = await ask(client)
            assert (reply.status, reply.body) == (200, b"hi")
        assert server.connections == 1


async def test_a_server_that_will_close_is_not_asked_again_on_that_connection() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n") as (server, client):
        for _ in range(2):
            assert (await ask(client)).status == 200
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhi", b"nonsense\r\n\r\n"],
    ids=["nothing", "a part", "no HTTP"],
)
async def test_an_answer_that_is_cut_or_unreadable_is_lost_but_was_sent(answer: bytes | None) -> None:
    async with serving(answer) as (server, client):
        if answer and answer.endswith(b"hi"):
            with pytest.raises(TimeoutError):
                await ask(client, seconds=0.1)
        else:
            with pytest.raises(ConnectionError) as lost:
                await ask(client)
            assert not isinstance(lost.value, NotConnected)
        await asyncio.wait_for(server.closed.wait(), 5)  # the connection is not used again
        assert len(server.requests) == 1


async def test_an_answer_that_is_too_long_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LARGEST", 1)
    async with serving(OK) as (_, client):
        with pytest.raises(ConnectionError, match="too long"):
            await ask(client)


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with HttpClient(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(NotConnected):
            await ask(client)


async def test_a_connection_at_rest_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(OK) as (server, client):
        await ask(client)
        monkeypatch.setattr(module, "IDLE_SECONDS", -1.0)
        await ask(client)
        assert server.connections == 2


async def test_leaving_it_ends_what_is_under_way() -> None:
    async with serving(b"") as (server, client):
        waiting = asyncio.create_task(ask(client))
        await server.asked.wait()
        await client.__aexit__(None, None, None)
        with pytest.raises(ConnectionError):
            await waiting


@pytest.mark.parametrize(
    "given",
    [
        lambda client: client.request("GET", "/x y", {}, None, 1.0),
        lambda client: client.request("GET", "/x", {"key": "k\r\nhost: other"}, None, 1.0),
        lambda client: client.request("GET", "/x\nhost: other", {}, None, 1.0),
    ],
)
async def test_what_would_end_a_line_is_refused(given: Callable[[HttpClient], "asyncio.Future[Reply]"]) -> None:
    async with serving(OK) as (server, client):
        with pytest.raises(ValueError, match="line"):
            await given(client)
        assert server.connections == 0


@pytest.mark.parametrize("base", ["ftp://x", "x", "http://"])
def test_what_is_no_server_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        HttpClient(base)

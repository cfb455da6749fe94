"""The driver's own HTTP client, against a server that behaves and one that does not."""

import asyncio
from pathlib import Path

import pytest

from cli.bench import wire as module
from cli.bench.connection import Answer, Outcome
from cli.bench.wire import Wire, source
from tests.support.ports import free_port
from tests.unit.bench.answering import answer, serving

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def test_an_answer_is_told_with_what_matters_of_it() -> None:
    said = answer(503, b'{"a": 1}', "Retry-After: 3", "Location: /orders/7")
    async with serving(lambda *_: said) as url, Wire(url) as wire:
        assert await wire.ask(GET) == Answer(503, "/orders/7", True, b'{"a": 1}')


async def test_a_kept_connection_is_used_again() -> None:
    async with serving(lambda *_: answer(200, b"ok")) as url, Wire(url, connections=1) as wire:
        answers = [await wire.ask(GET) for _ in range(3)]
        assert [one for one in answers if isinstance(one, Answer) and one.body == b"ok"] == answers
        assert wire._opened == 1


async def test_who_finds_no_free_connection_waits_for_one() -> None:
    async with serving(lambda *_: answer(200)) as url, Wire(url, connections=2) as wire:
        answers = await asyncio.gather(*(wire.ask(GET) for _ in range(20)))
        assert all(isinstance(one, Answer) and one.status == 200 for one in answers)
        assert wire._opened == 2


async def test_a_connection_that_the_server_closes_is_replaced() -> None:
    said = answer(200, b"", "connection: close")
    async with serving(lambda *_: said) as url, Wire(url, connections=1) as wire:
        answers = await asyncio.gather(*(wire.ask(GET) for _ in range(3)))
        assert all(isinstance(one, Answer) and one.status == 200 for one in answers)


async def test_a_connection_that_breaks_fails_its_request_alone() -> None:
    said = [b"", answer(200)]
    async with serving(lambda *_: said.pop(0)) as url, Wire(url, connections=1) as wire:
        first, second = await asyncio.gather(wire.ask(GET), wire.ask(GET))
        assert first == "connection lost"
        assert isinstance(second, Answer)


async def test_no_server_is_told_for_each_request() -> None:
    async with Wire(f"http://127.0.0.1:{free_port()}") as wire:
        assert await asyncio.gather(*(wire.ask(GET) for _ in range(3))) == ["ConnectionRefusedError"] * 3


async def test_what_is_no_http_is_told() -> None:
    async with serving(lambda *_: b"nonsense\r\n\r\n") as url, Wire(url) as wire:
        outcome = await wire.ask(GET)
        assert isinstance(outcome, str)
        assert outcome.startswith("HttpParser")


async def test_silence_ends_in_a_timeout_for_who_asked_and_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    async with serving(lambda *_: None) as url, Wire(url, connections=1) as wire:
        assert await asyncio.gather(*(wire.ask(GET) for _ in range(2))) == ["timeout"] * 2


async def test_leaving_ends_what_is_still_asked() -> None:
    outcomes: list[Outcome] = []
    asked = asyncio.Event()

    def silent(*_: object) -> None:
        asked.set()

    async with serving(silent) as url:
        async with Wire(url) as wire:
            wire.send(GET, outcomes.append)
            await asyncio.wait_for(asked.wait(), 10)
        assert outcomes == ["closed"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux alone has all of 127.0.0.0/8")
def test_connections_to_this_machine_come_from_many_addresses() -> None:
    assert len({source("127.0.0.1", number) for number in range(200)}) == module.ADDRESSES
    assert source("192.0.2.1", 1) is None

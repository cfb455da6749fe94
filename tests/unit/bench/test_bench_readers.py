"""The sample that is read again and again until it is CONFIRMED."""

import time
from collections.abc import Sequence

from cli.bench.load import Schedule
from cli.bench.readers import AT_ONCE, EVERY, Readers
from cli.bench.wire import Wire
from cli.platform.client import Token
from tests.unit.bench.answering import Answering, answer, serving

TOKENS = (Token("one", 900),)


def order(status: str) -> bytes:
    return answer(200, b'{"payment": {"status": "authorized"}, "status": "' + status.encode() + b'"}')


async def read(answering: Answering, numbers: Sequence[int], schedule: Schedule, apart: float = 1.0) -> Readers:
    async with serving(answering) as url, Wire(url) as wire:
        readers = Readers(wire, TOKENS, schedule)
        now = time.monotonic()
        for place, number in enumerate(numbers):
            readers.accepted(number, f"id-{number}", now + place * apart)
        await readers.finish()
    return readers


async def test_an_order_is_read_until_it_is_confirmed() -> None:
    answers = [order("CONFIRMED"), order("AUTHORIZED"), order("PENDING")]
    readers = await read(lambda *_: answers.pop(), [0], Schedule(50, 1))
    assert readers.reads == 3
    assert len(readers.seen) == 1
    assert 0 < readers.seen[0] < 5
    assert not readers.errors


async def test_one_order_in_fifty_is_read_and_none_that_hangs() -> None:
    asked: list[str] = []

    def answering(line: str, headers: dict[str, str], body: bytes) -> bytes:
        asked.append(line.split()[1])
        return order("CONFIRMED")

    await read(answering, range(2 * EVERY), Schedule(50, 10))
    assert asked == ["/api/v1/orders/id-0", f"/api/v1/orders/id-{EVERY}"]
    readers = await read(answering, [0, EVERY], Schedule(50, 10, hanging=1.0))
    assert readers.reads == 0


async def test_no_more_are_read_at_once_and_none_too_soon_after_another() -> None:
    numbers = [number * EVERY for number in range(10)]
    assert len((await read(lambda *_: order("CONFIRMED"), numbers, Schedule(1000, 60))).seen) == AT_ONCE
    assert len((await read(lambda *_: order("CONFIRMED"), numbers, Schedule(1000, 60), apart=0.0)).seen) == 1


async def test_an_order_that_ends_otherwise_is_let_go() -> None:
    readers = await read(lambda *_: order("REJECTED"), [0], Schedule(50, 1))
    assert (readers.reads, readers.seen) == (1, [])


async def test_a_read_that_is_refused_or_lost_is_an_error() -> None:
    assert (await read(lambda *_: answer(429), [0], Schedule(50, 1))).errors == {"GET: 429": 1}
    assert (await read(lambda *_: b"", [0], Schedule(50, 1))).errors == {"GET: connection lost": 1}

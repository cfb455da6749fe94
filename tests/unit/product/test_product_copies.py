"""Copies of the catalogue: never older than told, bounded, made once for all who wait, dropped by a write."""

import asyncio

import pytest
from starlette.requests import Request

from services.product.copies import Copies, Copy


class Source:
    """Makes copies that say how many were made; `gate` holds them back while it is not set."""

    def __init__(self) -> None:
        self.made = 0
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def fill(self) -> Copy:
        self.made += 1
        made = self.made
        self.started.set()
        await self.gate.wait()
        return copy(str(made))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def copy(text: str) -> Copy:
    return Copy(text.encode(), f'"{text}"')


async def test_a_copy_serves_for_its_time_and_no_longer() -> None:
    clock, source = Clock(), Source()
    copies = Copies(seconds=1.0, clock=clock)
    assert (await copies.get("a", source.fill)).etag == '"1"'
    clock.now += 0.999
    assert (await copies.get("a", source.fill)).etag == '"1"'
    clock.now += 0.001
    assert (await copies.get("a", source.fill)).etag == '"2"'


async def test_the_time_of_reading_counts_towards_the_age() -> None:
    clock, source = Clock(), Source()
    copies = Copies(seconds=1.0, clock=clock)
    source.gate.clear()
    first = asyncio.create_task(copies.get("a", source.fill))
    await source.started.wait()
    clock.now += 1.0
    source.gate.set()
    assert (await first).etag == '"1"'
    assert (await copies.get("a", source.fill)).etag == '"2"'


async def test_all_who_wait_for_a_key_share_one_look_and_other_keys_do_not_wait() -> None:
    source, other = Source(), Source()
    copies = Copies()
    source.gate.clear()
    waiting = [asyncio.create_task(copies.get("a", source.fill)) for _ in range(20)]
    await source.started.wait()
    assert (await copies.get("b", other.fill)).etag == '"1"'
    waiting[0].cancel()
    source.gate.set()
    assert {(await task).etag for task in waiting[1:]} == {'"1"'}
    assert source.made == 1


async def test_entries_and_bytes_stay_bounded_and_the_oldest_go_first() -> None:
    async def fill() -> Copy:
        return Copy(b"x" * 10, '"x"')

    few, small = Copies(entries=3), Copies(size=45)
    for number in range(50):
        await few.get(number, fill)
        await small.get(number, fill)
    assert (len(few), few.size) == (3, 30)
    assert (len(small), small.size) == (4, 40)
    source = Source()
    await few.get(49, source.fill)
    assert source.made == 0
    await few.get(46, source.fill)
    assert source.made == 1


async def test_a_copy_that_is_too_big_is_answered_and_not_kept() -> None:
    async def big() -> Copy:
        return Copy(b"x" * 11, '"x"')

    copies = Copies(size=10)
    assert (await copies.get("a", big)).size == 11
    assert (len(copies), copies.size) == (0, 0)


async def test_a_refill_takes_the_place_of_the_former() -> None:
    clock, source = Clock(), Source()
    copies = Copies(clock=clock)
    for _ in range(5):
        await copies.get("a", source.fill)
        clock.now += 2.0
    assert (source.made, len(copies), copies.size) == (5, 1, 1)


async def test_a_write_drops_what_is_held_and_what_was_being_read_before_it() -> None:
    source = Source()
    copies = Copies()
    await copies.get("held", source.fill)
    source.gate.clear()
    source.started.clear()
    before = asyncio.create_task(copies.get("read", source.fill))
    await source.started.wait()
    copies.forget()
    assert (len(copies), copies.size) == (0, 0)
    after = asyncio.create_task(copies.get("read", source.fill))
    source.gate.set()
    assert ((await before).etag, (await after).etag) == ('"2"', '"3"')
    assert (await copies.get("read", source.fill)).etag == '"3"'
    assert (await copies.get("held", source.fill)).etag == '"4"'


async def test_an_error_reaches_all_who_wait_and_the_next_looks_again() -> None:
    gate, source = asyncio.Event(), Source()

    async def broken() -> Copy:
        await gate.wait()
        raise ConnectionError

    copies = Copies()
    waiting = [asyncio.create_task(copies.get("a", broken)) for _ in range(3)]
    gate.set()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [ConnectionError] * 3
    assert len(copies) == 0
    assert (await copies.get("a", source.fill)).etag == '"1"'


@pytest.mark.parametrize(
    ("given", "status"), [('"7"', 304), ('W/"7"', 304), ('"6", "7"', 304), ("*", 304), ('"7.1"', 200), ("", 200)]
)
def test_who_has_it_already_is_told_so(given: str, status: int) -> None:
    request = Request({"type": "http", "method": "GET", "headers": [(b"if-none-match", given.encode())]})
    answer = copy("7").answer(request)
    assert answer.status_code == status
    assert (answer.headers["etag"], answer.headers["cache-control"]) == ('"7"', "public, no-cache")
    assert answer.body == (b"7" if status == 200 else b"")

"""The keyed queue: nothing is lost, nothing is done twice at once, failures wait longer and longer."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mercato_operator.kube.workqueue import BACKOFF, WorkQueue

KEYS = st.sampled_from(["a", "b", "c"])


async def test_a_key_waits_once() -> None:
    queue = WorkQueue[str]()
    for _ in range(3):
        queue.add("a")
    assert len(queue) == 1
    assert await queue.take() == "a"
    assert len(queue) == 0


async def test_keys_come_in_the_order_in_which_they_were_added() -> None:
    queue = WorkQueue[str]()
    for key in "cab":
        queue.add(key)
    assert [await queue.take() for _ in range(3)] == ["c", "a", "b"]


async def test_a_key_that_changes_while_it_is_worked_on_comes_back_after() -> None:
    queue = WorkQueue[str]()
    queue.add("a")
    await queue.take()
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await queue.take() == "a"


async def test_one_who_waits_is_woken() -> None:
    queue = WorkQueue[str]()
    taken = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("a")
    assert await asyncio.wait_for(taken, 1) == "a"


async def test_a_worker_that_is_cut_off_takes_nothing_with_it() -> None:
    queue = WorkQueue[str]()
    lost = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    queue.add("a")
    assert await asyncio.wait_for(queue.take(), 1) == "a"


async def test_pauses_double_up_to_a_limit_and_begin_again_after_a_success() -> None:
    queue = WorkQueue[str]()
    for failures in range(10):
        ceiling = min(BACKOFF.limit, BACKOFF.first * 2**failures)
        assert ceiling / 2 <= queue.failed("a") <= ceiling
    queue.succeeded("a")
    assert queue.failed("a") <= BACKOFF.first
    queue.close()


async def test_a_later_time_gives_way_to_an_earlier_one_and_to_now() -> None:
    queue = WorkQueue[str]()
    queue.add_after("a", 60)
    queue.add_after("a", 0.01)
    queue.add_after("a", 60)
    assert await asyncio.wait_for(queue.take(), 2) == "a"
    queue.done("a")
    queue.add_after("a", 60)
    queue.add("a")
    assert await asyncio.wait_for(queue.take(), 1) == "a"


async def test_a_closed_queue_brings_nothing_back() -> None:
    queue = WorkQueue[str]()
    queue.add_after("a", 0.01)
    queue.close()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.take(), 0.1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(KEYS, st.integers(0, 3)), max_size=30), st.integers(1, 4))
def test_after_the_last_change_of_a_key_it_is_worked_on_once_more_and_never_twice_at_once(
    changes: list[tuple[str, int]], workers: int
) -> None:
    async def run() -> None:
        queue = WorkQueue[str]()
        version, seen, inside = Counter[str](), dict[str, int](), set[str]()

        async def work() -> None:
            while True:
                key = await queue.take()
                assert key not in inside
                inside.add(key)
                seen[key] = version[key]
                for _ in range(2):
                    await asyncio.sleep(0)
                inside.discard(key)
                queue.done(key)

        tasks = [asyncio.create_task(work()) for _ in range(workers)]
        for key, turns in changes:
            version[key] += 1
            queue.add(key)
            for _ in range(turns):
                await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert seen == dict(version)

    asyncio.run(run())

"""Background tasks end when they are told to."""

import asyncio

import pytest

from services.chassis.runtime import tasks


async def test_a_task_that_gets_another_error_in_place_of_its_cancellation_is_stopped_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    started, refusals = asyncio.Event(), 0

    async def work() -> None:
        nonlocal refusals
        while True:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                # As psycopg does when the query that is cancelled has failed by itself.
                if refusals == 2:
                    raise
                refusals += 1

    task = asyncio.create_task(work())
    await started.wait()
    await asyncio.wait_for(tasks.stop(task), 5)
    assert task.cancelled()
    assert refusals == 2


async def test_what_a_task_does_at_its_end_is_waited_for() -> None:
    tidied = False

    async def work() -> None:
        nonlocal tidied
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied = True

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await tasks.stop(task)
    assert tidied


async def test_nothing_to_stop_is_fine() -> None:
    await tasks.stop()

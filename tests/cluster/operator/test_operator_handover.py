"""One instance is active at a time, and another takes over; a process that is killed anywhere leaves nothing undone."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cluster.operator.conftest import Topics, kafka_settings
from tests.cluster.operator.operator_process import Operator, until_active
from tests.support.serving import until

OBJECTS = 150
CONVERGED_WITHIN = 120


async def test_the_one_that_stands_by_takes_over_at_once_when_the_active_one_ends(
    operators: Callable[..., Operator], broker: str, tmp_path: Path, topics: Topics
) -> None:
    settings = kafka_settings(broker, tmp_path)
    first, second = operators("operator-1", **settings), operators("operator-2", **settings)
    first.start()
    await until_active(first)
    second.start()
    await topics.put("a")
    await topics.until_ready("a")
    assert second.metric("mercato_operator_active") == 0
    begun = time.monotonic()
    first.stop()
    await until_active(second)
    assert time.monotonic() - begun < 10, "the lease was not given back"
    await topics.put("b")
    await topics.until_ready("b")


async def test_the_one_that_stands_by_takes_over_when_the_active_one_is_killed_or_hangs(
    operators: Callable[..., Operator], broker: str, tmp_path: Path, topics: Topics
) -> None:
    settings = kafka_settings(broker, tmp_path)
    first, second = operators("operator-1", **settings), operators("operator-2", **settings)
    first.start()
    await until_active(first)
    second.start()
    first.pause()
    await until_active(second)
    first.resume()

    async def ended() -> bool:
        return first.probe("/livez") is not None

    await until(ended, 20)
    await topics.put("a")
    await topics.until_ready("a")


async def test_a_process_that_starts_anew_in_its_pod_goes_on_at_once(
    operators: Callable[..., Operator], broker: str, tmp_path: Path, topics: Topics
) -> None:
    operator = operators(**kafka_settings(broker, tmp_path))
    operator.start()
    await until_active(operator)
    await topics.put("a", deletionPolicy="Delete")
    await topics.until_ready("a")
    operator.kill()
    await topics.delete("a")
    begun = time.monotonic()
    operator.start()
    await topics.until_gone("a")
    assert time.monotonic() - begun < 12
    assert topics.present() == {}


@pytest.mark.long
async def test_killed_at_random_moments_all_converges(
    operators: Callable[..., Operator],
    broker: str,
    tmp_path: Path,
    topics: Topics,
    record_property: Callable[..., None],
) -> None:
    operator = operators(**kafka_settings(broker, tmp_path))
    dice = random.Random(2026)
    names = [f"t{number:03}" for number in range(OBJECTS)]
    policies = {name: dice.choice(["Retain", "Delete"]) for name in names}
    operator.start()
    await until_active(operator)
    await killing(operator, dice, create(topics, names, policies))
    changed, ended = set(names[::3]), set(names[1::3])
    await killing(operator, dice, alter(topics, changed, policies))
    await killing(operator, dice, end(topics, ended))
    operator.kill()
    begun = time.monotonic()
    operator.spawn()
    left = [name for name in names if name not in ended]
    await topics.until_ready(*left, seconds=CONVERGED_WITHIN)
    await topics.until_gone(*ended, seconds=CONVERGED_WITHIN)
    took = time.monotonic() - begun
    assert took < CONVERGED_WITHIN
    record_property("seconds to converge", round(took, 1))
    check(topics, names, changed, ended, policies)
    memory = max(one.memory_info().rss for one in psutil.process_iter() if is_operator(one)) / 1024**2
    record_property("MiB resident", round(memory))
    print(f"converged {took:.1f} s after the last kill, {memory:.0f} MiB resident")  # noqa: T201


def is_operator(process: psutil.Process) -> bool:
    try:
        return "mercato_operator.operator" in process.cmdline()
    except psutil.Error:
        return False


async def killing(operator: Operator, dice: random.Random, work: asyncio.Task[None]) -> None:
    """Kills it again and again while the work is under way, and lets it live for some seconds in between."""
    while not work.done():
        await asyncio.wait({work}, timeout=dice.uniform(0.2, 5.0))
        operator.kill()
        operator.spawn()
    work.result()


def create(topics: Topics, names: list[str], policies: dict[str, str]) -> asyncio.Task[None]:
    async def run() -> None:
        for name in names:
            await topics.put(name, deletionPolicy=policies[name], consumers=["product"])
            await asyncio.sleep(0.1)

    return asyncio.create_task(run())


def alter(topics: Topics, names: set[str], policies: dict[str, str]) -> asyncio.Task[None]:
    async def run() -> None:
        for name in sorted(names):
            more = {"partitions": 2, "allowRepartition": True, "retention": "1d"}
            await topics.put(name, deletionPolicy=policies[name], consumers=["product", "order"], **more)
            await asyncio.sleep(0.1)

    return asyncio.create_task(run())


def end(topics: Topics, names: set[str]) -> asyncio.Task[None]:
    async def run() -> None:
        for name in sorted(names):
            await topics.delete(name)
            await asyncio.sleep(0.1)

    return asyncio.create_task(run())


def check(topics: Topics, names: list[str], changed: set[str], ended: set[str], policies: dict[str, str]) -> None:
    """Nothing is missing, nothing is left over."""
    wanted: dict[str, int] = {}
    optional: set[str] = set()
    for name in names:
        if name in ended:
            if policies[name] == "Retain":  # made or not, before it ended
                optional |= {name, f"{name}.product.dead-letter"}
            continue
        groups = ["product", "order"] if name in changed else ["product"]
        wanted |= {name: 2 if name in changed else 1, **{f"{name}.{group}.dead-letter": 1 for group in groups}}
    present = topics.present()
    assert {name: present.get(name) for name in wanted} == wanted
    assert present.keys() - wanted.keys() <= optional

"""kill -9 of any one process during a burst of orders: every order ends, and what always holds holds."""

import asyncio
import os
import random
import signal
from collections import Counter
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Customer, Shop, eventually

# Each holds a part of an order's life; the others only help and are killed in the long form.
CENTRAL = ["order", "product", "payment", "kafka", "postgres"]
HELPING = [
    "notification",
    "customer",
    "simulator",
    "mailcatcher",
    "gateway",
    "discovery",
    "config",
    "envoy",
]
SEEDS = 10
"""Of the moment of the kill; the first is a third of the way, and the only one of the short form."""
CASES = [
    pytest.param(name, seed, marks=[] if name in CENTRAL and seed == 0 else [pytest.mark.long])
    for name in (*CENTRAL, *HELPING)
    for seed in range(SEEDS)
]
ORDERS = 200
PER_SECOND = 60


def moment(victim: str, seed: int) -> float:
    """When the kill comes, as a share of the burst."""
    return random.Random(f"{victim} {seed}").uniform(0.02, 0.98) if seed else 1 / 3


@pytest.mark.parametrize(("victim", "seed"), CASES)
async def test_every_order_ends_when_a_process_is_killed_in_a_burst(
    shop: Shop, platform: Platform, victim: str, seed: int
) -> None:
    product = await shop.new_product(ORDERS * 2)
    customers = await asyncio.gather(*(shop.sign_up() for _ in range(2)))
    pid = platform.processes()[victim]["pid"]

    async def one(number: int) -> tuple[Customer, str]:
        await asyncio.sleep(number / PER_SECOND)
        customer = customers[number % len(customers)]
        return customer, await place_surely(shop, customer, product["id"])

    async def kill() -> None:
        await asyncio.sleep(ORDERS / PER_SECOND * moment(victim, seed))
        os.kill(pid, signal.SIGKILL)

    placed, _ = await asyncio.gather(asyncio.gather(*(one(number) for number in range(ORDERS))), kill())
    ends: Counter[str] = Counter()
    for customer, order_id in placed:
        ends[(await retrying(shop, customer, order_id))["status"]] += 1
    assert set(ends) <= {"CONFIRMED", "REJECTED"}, ends
    # An outage may outlast a deadline; it must not cost more than the orders of that moment.
    assert ends["CONFIRMED"] >= ORDERS // 2, ends

    async def restarted() -> bool:
        process = (await asyncio.to_thread(platform.processes))[victim]
        return bool(process["ready"]) and process["pid"] != pid

    await eventually(restarted, 60)
    result = await asyncio.to_thread(platform.invariants)
    assert result["ok"], result


async def place_surely(shop: Shop, customer: Customer, product_id: str) -> str:
    """As a good client does: the same key again until the answer is known."""
    key = str(uuid4())
    for _ in range(120):
        try:
            answer = await shop.place(customer, product_id, key=key)
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.25)
            continue
        if answer.status == 202:
            return str(answer.body["id"])
        assert answer.status in {429, 500, 502, 503, 504}, answer
        await asyncio.sleep(0.25)
    raise AssertionError("the order was never accepted")


async def retrying(shop: Shop, customer: Customer, order_id: str) -> dict[str, Any]:
    """The order at rest, read through whatever is restarting."""

    async def at_rest() -> dict[str, Any] | None:
        try:
            answer = await shop.call("GET", f"/api/v1/orders/{order_id}", token=customer.token)
        except (aiohttp.ClientError, TimeoutError):
            return None
        if answer.status >= 500 or answer.status == 429:
            return None
        assert answer.status == 200, answer
        return answer.body if answer.body["status"] in {"CONFIRMED", "REJECTED", "CANCELLED"} else None

    return await eventually(at_rest, 120)

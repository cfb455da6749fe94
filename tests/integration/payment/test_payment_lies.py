"""A provider that lies about any call, once: each order's money is held once at most, and ends where it belongs."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.contract.payment.parts import until
from tests.integration.payment.service import Service, authorize, capture, reverse
from tryout.simulator.lies import TOKENS

Told = Callable[[Service, UUID], bool]

# A lost call is given up after half a second, a late one arrives after 0.8.
PATIENCE = 30.0


def told(kind: str) -> Told:
    return lambda service, order_id: any(given == kind for given, _ in service.replies(order_id))


async def ordered(service: Service, methods: list[str]) -> dict[UUID, str]:
    commands = {UUID((command := authorize(method)).key): (method, command) for method in methods}
    await service.send(*(command for _, command in commands.values()))
    return {order_id: method for order_id, (method, _) in commands.items()}


async def all_of(service: Service, orders: dict[UUID, str], condition: Told) -> None:
    await until(lambda: all(condition(service, order_id) for order_id in orders), PATIENCE)


def at_rest(service: Service, order_id: UUID) -> bool:
    return service.row(order_id)["due_at"] is None


def judge(service: Service, orders: dict[UUID, str], *, left: int = 0) -> None:
    for order_id, method in orders.items():
        holds = service.open_holds(order_id)
        assert max(holds) <= 1, method
        assert holds[-1] == left, method
        kinds = [kind for kind, _ in service.replies(order_id)]
        assert len(kinds) == len(set(kinds)), method


async def test_every_lie_ends_in_one_hold_one_capture_and_one_refund(service: Service) -> None:
    orders = await ordered(service, list(TOKENS))
    await all_of(service, orders, told("authorized"))
    judge(service, orders, left=1)
    await service.send(*(capture(order_id) for order_id in orders))
    await all_of(service, orders, told("captured"))
    judge(service, orders)
    await service.send(*(reverse(order_id) for order_id in orders))
    await all_of(service, orders, told("reversed"))
    await all_of(service, orders, at_rest)
    await asyncio.sleep(0.8)  # what was late has arrived by now, and found nothing to do
    judge(service, orders)
    for order_id, method in orders.items():
        assert service.entries(order_id) == [("authorize", 4200), ("capture", 4200), ("refund", 4200)], method


@pytest.mark.parametrize("after", [0.0, 0.03, 0.1, 0.4, 0.7])
async def test_a_reversal_at_any_moment_leaves_no_hold_whatever_the_lie(service: Service, after: float) -> None:
    orders = await ordered(service, list(TOKENS))
    await asyncio.sleep(after)
    await service.send(*(reverse(order_id) for order_id in orders))
    await all_of(service, orders, told("reversed"))
    await all_of(service, orders, at_rest)
    await asyncio.sleep(0.9)
    judge(service, orders)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.6])
async def test_a_reversal_during_a_capture_that_is_lied_about_keeps_nothing(service: Service, after: float) -> None:
    methods = [method for method, (_, call) in TOKENS.items() if call in ("capture", "cancel", "refund")]
    orders = await ordered(service, methods)
    await all_of(service, orders, told("authorized"))
    await service.send(*(capture(order_id) for order_id in orders))
    await asyncio.sleep(after)
    await service.send(*(reverse(order_id) for order_id in orders))
    await all_of(service, orders, told("reversed"))
    await all_of(service, orders, at_rest)
    await asyncio.sleep(0.9)
    judge(service, orders)
    for order_id, method in orders.items():
        row = service.row(order_id)
        assert row["captured"] == row["refunded"], method
        taken = sum(amount for kind, amount in service.entries(order_id) if kind == "capture")
        assert taken == row["captured"], method

"""Whole orders against a provider that lies about any of its calls: none has two holds, none is left with one."""

import asyncio
from collections import Counter

import psycopg
import pytest

from cli.instance import Instance
from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Customer, Shop
from tryout.simulator.lies import TOKENS

HOLDS = """
SELECT coalesce(max(open), 0), coalesce((array_agg(open ORDER BY id DESC))[1], 0) FROM (
    SELECT entry.id, sum(CASE kind WHEN 'authorize' THEN 1 WHEN 'refund' THEN 0 ELSE -1 END)
        OVER (ORDER BY entry.id) AS open
    FROM entry JOIN payment_intent ON payment_intent.id = payment_intent_id WHERE order_id = %s
) AS history
"""


async def placed(shop: Shop, customer: Customer, product_id: str, card: str) -> str:
    answer = await shop.place(customer, product_id, card=card)
    assert answer.status == 202, answer
    return str(answer.body["id"])


async def cancel(shop: Shop, customer: Customer, order_id: str) -> int:
    answer = await shop.call("POST", f"/api/v1/orders/{order_id}/cancellation", token=customer.token, json={})
    return answer.status


def holds(platform: Platform, order_id: str) -> tuple[int, int]:
    """The most holds the order ever had open, and those open now."""
    with psycopg.connect(Instance.find(platform.data).superuser_url("simulator")) as connection:
        row = connection.execute(HOLDS, (order_id,)).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])


async def judge(platform: Platform, orders: dict[str, str]) -> None:
    result = await asyncio.to_thread(platform.invariants)
    assert result["ok"], result
    for order_id, card in orders.items():
        most, left = await asyncio.to_thread(holds, platform, order_id)
        assert (most <= 1, left) == (True, 0), (card, order_id)


async def test_an_order_whose_provider_lies_comes_to_rest_with_one_hold(shop: Shop, platform: Platform) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(50)
    orders = {await placed(shop, customer, product["id"], card): card for card in TOKENS}
    ends = {card: (await shop.settled(customer, order_id, within=60))["status"] for order_id, card in orders.items()}
    # A lie costs time and no order: all of them are paid within their deadlines.
    assert Counter(ends.values()) == {"CONFIRMED": len(TOKENS)}, ends
    await judge(platform, orders)
    # A cancellation now gives the money back, whatever is said of the refund.
    assert {await cancel(shop, customer, order_id) for order_id in orders} == {202}
    for order_id in orders:
        await shop.settled(customer, order_id, within=60, payment={"refunded"})
    await judge(platform, orders)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.5, 3.0])
async def test_a_cancellation_in_between_leaves_no_hold(shop: Shop, platform: Platform, after: float) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(50)
    orders = {await placed(shop, customer, product["id"], card): card for card in TOKENS}
    await asyncio.sleep(after)
    assert {await cancel(shop, customer, order_id) for order_id in orders} <= {202, 409}
    for order_id in orders:
        await shop.settled(customer, order_id, within=60, payment={"none", "voided", "refunded", "declined"})
    await judge(platform, orders)


async def test_a_deadline_in_between_leaves_no_hold(shop: Shop, platform: Platform) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(5)
    orders = {
        await placed(shop, customer, product["id"], card): card
        for card in ("pm_card_simulate_timeout", "pm_card_simulate_timeout")
    }
    for order_id in orders:
        order = await shop.settled(customer, order_id, within=60, payment={"voided"})
        assert (order["status"], order["reason"]) == ("REJECTED", "payment_timeout")
    await judge(platform, orders)

"""Many at once: stock, keys and cancellations under races."""

import asyncio
import random
from collections import Counter

from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Shop, eventually


async def test_fifty_customers_race_for_the_last_ten(shop: Shop, platform: Platform) -> None:
    product = await shop.new_product(10)
    customers = await asyncio.gather(*(shop.sign_up() for _ in range(50)))
    orders = await asyncio.gather(*(shop.bought(customer, product["id"]) for customer in customers))
    ends = Counter((order["status"], order["reason"]) for order in orders)
    assert ends == {("CONFIRMED", None): 10, ("REJECTED", "out_of_stock"): 40}
    assert await shop.available(product["id"]) == 0


async def test_twenty_repeats_at_once_are_one_order_one_charge_one_message(shop: Shop, platform: Platform) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(20)
    answers = await asyncio.gather(*(shop.place(customer, product["id"], key="the-same") for _ in range(20)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert Counter("idempotency-replayed" in answer.headers for answer in answers) == {True: 19, False: 1}
    order = await shop.settled(customer, answers[0].body["id"])
    assert order["status"] == "CONFIRMED"
    assert await shop.available(product["id"]) == 19
    assert len(await shop.messages(customer, 1)) == 1
    other = await shop.place(customer, product["id"], key="the-same", quantity=2)
    assert other.status == 422
    result = await asyncio.to_thread(platform.invariants)
    assert result["ok"], result


async def test_a_cancellation_racing_each_step_agrees_with_the_orders_end(shop: Shop, platform: Platform) -> None:
    """Each answered 202 ends CANCELLED; each answered 409 leaves the order's end as it was; the books agree."""
    product = await shop.new_product(250)
    customers = await asyncio.gather(*(shop.sign_up() for _ in range(5)))
    chance = random.Random(7)

    async def race(number: int) -> tuple[int, str]:
        customer = customers[number % len(customers)]
        card = chance.choice(["pm_card_visa", "pm_card_visa", "pm_card_simulate_flaky", "pm_card_visa_chargeDeclined"])
        await asyncio.sleep(number * 0.02)
        placed = await shop.place(customer, product["id"], card=card)
        assert placed.status == 202, placed
        # From at once to long after the confirmation, so that every step is met.
        await asyncio.sleep(chance.uniform(0, 0.12))
        path = f"/api/v1/orders/{placed.body['id']}/cancellation"
        answer = await shop.call("POST", path, token=customer.token)
        assert answer.status in {202, 409}, answer
        order = await shop.settled(customer, placed.body["id"], payment={"none", "declined", "voided", "refunded"})
        return answer.status, str(order["status"])

    ends = Counter(await asyncio.gather(*(race(number) for number in range(200))))
    assert set(ends) <= {(202, "CANCELLED"), (409, "REJECTED")}
    assert ends[202, "CANCELLED"] > 50

    async def back() -> bool:
        return await shop.available(product["id"]) == 250

    await eventually(back, 30)
    result = await asyncio.to_thread(platform.invariants)
    assert result["ok"], result

"""The life of single orders, as a customer sees it through the gateway."""

import asyncio
from uuid import uuid4

import pytest

from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Shop, eventually


async def test_a_paid_order_is_confirmed_and_the_customer_gets_one_message(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(5, price=1250)
    placed = await shop.place(customer, product["id"], quantity=2)
    assert placed.status == 202
    assert placed.headers["location"] == f"/api/v1/orders/{placed.body['id']}"
    assert (placed.body["status"], placed.body["version"], placed.body["total"]) == ("PENDING", 1, None)
    order = await shop.settled(customer, placed.body["id"])
    assert order["status"] == "CONFIRMED"
    assert order["total"] == {"amount": 2500, "currency": "EUR"}
    assert order["lines"][0] | {"sku": product["sku"], "unit_price": product["price"]} == order["lines"][0]
    assert (order["payment"], order["version"]) == ({"status": "captured"}, 4)
    assert order["contact"] == {"name": "Ada Lovelace", "email": customer.email}
    [message] = await shop.messages(customer, 1)
    assert (message["kind"], message["order_id"]) == ("order_confirmed", order["id"])
    assert await shop.available(product["id"]) == 3


async def test_the_timeline_tells_every_step(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(customer, product["id"])
    answer = await shop.call("GET", f"/api/v1/orders/{order['id']}/timeline", token=customer.token)
    items = answer.body["items"]
    assert [item["event"] for item in items] == ["created", "reserved", "authorized", "confirmed"]
    assert [item["status"] for item in items] == ["PENDING", "RESERVED", "AUTHORIZED", "CONFIRMED"]


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("pm_card_visa_chargeDeclined", "payment_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "payment_declined"),
        ("pm_card_nobody_knows", "payment_declined"),
        ("pm_card_authenticationRequired", "payment_action_required"),
    ],
)
async def test_a_card_that_cannot_pay_rejects_the_order_and_the_stock_comes_back(
    shop: Shop, card: str, reason: str
) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(3)
    order = await shop.bought(customer, product["id"], card=card)
    assert (order["status"], order["reason"], order["payment"]) == ("REJECTED", reason, {"status": "declined"})

    async def back() -> bool:
        return await shop.available(product["id"]) == 3

    await eventually(back, 10)
    [message] = await shop.messages(customer, 1)
    assert message["kind"] == "order_rejected"


async def test_more_than_there_is_is_out_of_stock(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(customer, product["id"], quantity=2)
    assert (order["status"], order["reason"]) == ("REJECTED", "out_of_stock")
    assert order["payment"] == {"status": "none"}
    assert await shop.available(product["id"]) == 1


async def test_a_product_nobody_knows_is_unknown(shop: Shop) -> None:
    order = await shop.bought(await shop.sign_up(), str(uuid4()))
    assert (order["status"], order["reason"]) == ("REJECTED", "unknown_product")


async def test_another_total_than_expected_is_a_changed_price(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(2, price=100)
    changed = await shop.bought(customer, product["id"], expected_total={"amount": 99, "currency": "EUR"})
    assert (changed["status"], changed["reason"]) == ("REJECTED", "price_changed")
    same = await shop.bought(customer, product["id"], expected_total={"amount": 100, "currency": "EUR"})
    assert same["status"] == "CONFIRMED"


async def test_a_provider_that_never_answers_times_out_and_holds_nothing(shop: Shop, platform: Platform) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    placed = await shop.place(customer, product["id"], card="pm_card_simulate_timeout")
    order = await shop.settled(customer, placed.body["id"], within=25)
    assert (order["status"], order["reason"]) == ("REJECTED", "payment_timeout")
    order = await shop.settled(customer, order["id"], payment={"voided"})

    async def back() -> bool:
        return await shop.available(product["id"]) == 1

    await eventually(back, 10)
    result = await asyncio.to_thread(platform.invariants)
    assert result["ok"], result


async def test_a_flaky_provider_still_confirms(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(customer, product["id"], card="pm_card_simulate_flaky")
    assert order["status"] == "CONFIRMED"


async def test_an_order_cancelled_before_it_is_confirmed_charges_nothing(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    placed = await shop.place(customer, product["id"], card="pm_card_simulate_timeout")
    path = f"/api/v1/orders/{placed.body['id']}/cancellation"
    first = await shop.call("POST", path, token=customer.token, json={"reason": "too slow"})
    assert (first.status, first.body["status"]) == (202, "CANCELLED")
    again = await shop.call("POST", path, token=customer.token)
    assert again.status == 202
    order = await shop.settled(customer, placed.body["id"], payment={"none", "voided"})
    assert order["status"] == "CANCELLED"

    async def back() -> bool:
        return await shop.available(product["id"]) == 1

    await eventually(back, 10)


async def test_an_order_cancelled_after_it_is_confirmed_is_refunded_and_its_stock_comes_back(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(customer, product["id"])
    path = f"/api/v1/orders/{order['id']}/cancellation"
    assert (await shop.call("POST", path, token=customer.token)).status == 202
    cancelled = await shop.settled(customer, order["id"], payment={"refunded"})
    assert cancelled["status"] == "CANCELLED"

    async def back() -> bool:
        return await shop.available(product["id"]) == 1

    await eventually(back, 10)
    kinds = {message["kind"] for message in await shop.messages(customer, 2)}
    assert kinds == {"order_confirmed", "order_cancelled"}


async def test_a_rejected_order_cannot_be_cancelled(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(0)
    order = await shop.bought(customer, product["id"])
    answer = await shop.call("POST", f"/api/v1/orders/{order['id']}/cancellation", token=customer.token)
    assert answer.status == 409
    assert (await shop.order(customer, order["id"]))["status"] == "REJECTED"

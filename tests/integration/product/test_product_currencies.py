"""Prices are amounts that a card can be charged, whatever the currency of the installation."""

from typing import Any

import aiohttp
import pytest

from services.chassis.texts import currencies

PRODUCTS = "/api/v1/products"


async def add(
    http: aiohttp.ClientSession, admin: dict[str, str], sku: str, amount: int, currency: str
) -> tuple[int, dict[str, Any]]:
    price = {"amount": amount, "currency": currency}
    texts = {"sku": sku, "name": "Anvil", "description": "Heavy.", "category": "tools"}
    async with http.post(PRODUCTS, json={**texts, "price": price}, headers=admin) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("product_currency", "good", "bad"),
    [("KWD", [5_120, 10], [5_124, 1]), ("MGA", [150_000, 100], [150_020, 20]), ("ISK", [1, 505], [])],
)
async def test_a_price_that_no_card_can_be_charged_is_refused(
    http: aiohttp.ClientSession, admin: dict[str, str], product_currency: str, good: list[int], bad: list[int]
) -> None:
    for amount in good:
        assert (await add(http, admin, f"G-{amount}", amount, product_currency))[0] == 201
    for amount in bad:
        status, refused = await add(http, admin, f"B-{amount}", amount, product_currency)
        assert status == 422
        [error] = refused["errors"]
        assert error["pointer"] == "/price/amount"
        assert "multiple of" in error["detail"]


@pytest.mark.parametrize("product_currency", ["KWD", "MGA", "ISK"])
async def test_the_first_products_have_prices_that_a_card_can_be_charged(
    http: aiohttp.ClientSession, product_currency: str
) -> None:
    async with http.get(PRODUCTS, params={"limit": "100"}) as answer:
        items = (await answer.json())["items"]
    assert len(items) == 60
    assert {item["price"]["currency"] for item in items} == {product_currency}
    assert all(item["price"]["amount"] % currencies.step(product_currency) == 0 for item in items)

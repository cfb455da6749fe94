"""The catalog and its stock over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from services.product.catalog import SEED_ON_HAND, seed_products

PRODUCTS = "/api/v1/products"
Headers = dict[str, str]


def new_product(**changes: Any) -> dict[str, Any]:
    return {
        "sku": "TST-1",
        "name": "Test Anvil",
        "description": "Heavy.",
        "category": "tools",
        "price": {"amount": 1999, "currency": "EUR"},
        **changes,
    }


async def created(http: aiohttp.ClientSession, admin: Headers, **changes: Any) -> dict[str, Any]:
    async with http.post(PRODUCTS, json=new_product(**changes), headers=admin) as answer:
        assert answer.status == 201, await answer.text()
        body: dict[str, Any] = await answer.json()
        assert answer.headers["location"] == f"{PRODUCTS}/{body['id']}"
        return body


async def get(http: aiohttp.ClientSession, path: str, headers: Headers | None = None, **params: str) -> dict[str, Any]:
    async with http.get(path, params=params, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        body: dict[str, Any] = await answer.json()
        return body


async def all_items(
    http: aiohttp.ClientSession, path: str, headers: Headers | None = None, **params: str
) -> list[dict[str, Any]]:
    items, page = [], await get(http, path, headers, **params)
    while True:
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        page = await get(http, path, headers, cursor=page["next_cursor"], **params)


async def adjust(
    http: aiohttp.ClientSession, admin: Headers, product: str, delta: int, key: str | None = None
) -> aiohttp.ClientResponse:
    headers = admin | {"idempotency-key": key or str(uuid4())}
    body = {"delta": delta, "reason": "delivery"}
    return await http.post(f"{PRODUCTS}/{product}/stock-adjustments", json=body, headers=headers)


async def test_sixty_products_are_listed_by_name_across_pages(http: aiohttp.ClientSession) -> None:
    items = await all_items(http, PRODUCTS, limit="7")
    assert [item["name"] for item in items] == sorted(product.name for product in seed_products())
    assert len({item["id"] for item in items}) == 60
    for item in items:
        assert item["available"] == SEED_ON_HAND
        assert item["status"] == "active"
        assert item["price"]["currency"] == "EUR"


async def test_a_category_holds_ten(http: aiohttp.ClientSession) -> None:
    items = await all_items(http, PRODUCTS, category="plants", limit="4")
    assert len(items) == 10
    assert {item["category"] for item in items} == {"plants"}
    assert await all_items(http, PRODUCTS, category="no such") == []


@pytest.mark.parametrize(
    ("q", "first", "count"),
    [
        ("stoneware mug", "Stoneware Mug", 1),
        ("MUG", None, 3),
        ("headphone", None, 5),  # four in the name, one in the description
        ("kit-001", "Stoneware Mug", 1),
        ("station", None, 11),  # the category stationery, and a radio that wakes with one
        ("!!!", None, 0),
        ("xyzzy", None, 0),
    ],
)
async def test_search_finds_name_description_sku_and_category(
    http: aiohttp.ClientSession, q: str, first: str | None, count: int
) -> None:
    items = await all_items(http, PRODUCTS, q=q, limit="2")
    assert len({item["id"] for item in items}) == len(items) == count, [item["name"] for item in items]
    if first:
        assert items[0]["name"] == first


async def test_search_puts_a_name_before_a_description_and_keeps_to_the_category(http: aiohttp.ClientSession) -> None:
    names = [item["name"] for item in await all_items(http, PRODUCTS, q="pocket", limit="1")]
    assert names[0] == "Pocket Notebook Set"
    assert "Weekend Trolley" in names
    travel = await all_items(http, PRODUCTS, q="pocket", category="travel")
    assert {item["category"] for item in travel} == {"travel"}


async def test_one_product_is_read_with_its_version_as_etag(http: aiohttp.ClientSession) -> None:
    seed = seed_products()[0]
    async with http.get(f"{PRODUCTS}/{seed.id}") as answer:
        assert answer.headers["etag"] == f'"1.{SEED_ON_HAND}"'
        assert await answer.json() == {
            "id": str(seed.id),
            "sku": seed.sku,
            "name": seed.name,
            "description": seed.description,
            "category": seed.category,
            "price": {"amount": seed.price, "currency": "EUR"},
            "available": SEED_ON_HAND,
            "image_url": f"/images/products/{seed.sku}.svg",
            "status": "active",
        }


@pytest.mark.parametrize("path", ["/0199a1b2-c3d4-7e5f-8a6b-9c0d1e2f3a4b", "/not-a-uuid", "/a/b/c"])
async def test_an_unknown_product_is_404(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(PRODUCTS + path) as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=bm9uZQ", "q=a%00b"])
async def test_a_bad_parameter_is_422_and_named(http: aiohttp.ClientSession, query: str) -> None:
    async with http.get(f"{PRODUCTS}?{query}") as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["pointer"] == "?" + query.partition("=")[0]


async def test_a_new_product_has_no_stock_and_is_found_at_once(http: aiohttp.ClientSession, admin: Headers) -> None:
    product = await created(http, admin)
    assert product["available"] == 0
    assert await get(http, f"{PRODUCTS}/{product['id']}") == product
    assert [item["id"] for item in await all_items(http, PRODUCTS, q="anvil")] == [product["id"]]
    async with http.get(product["image_url"]) as picture:
        assert picture.status == 200


async def test_an_archived_product_is_read_but_not_listed(http: aiohttp.ClientSession, admin: Headers) -> None:
    product = await created(http, admin, status="archived")
    assert (await get(http, f"{PRODUCTS}/{product['id']}"))["status"] == "archived"
    assert await all_items(http, PRODUCTS, q="anvil") == []
    assert len(await all_items(http, PRODUCTS, limit="100")) == 60


async def test_a_sku_is_taken_once(http: aiohttp.ClientSession, admin: Headers) -> None:
    answers = await asyncio.gather(*(http.post(PRODUCTS, json=new_product(), headers=admin) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sku": "has space"}, "/sku"),
        ({"sku": ""}, "/sku"),
        ({"name": "  "}, "/name"),
        ({"name": "line\nbreak"}, "/name"),
        ({"description": "pay 4242 4242 4242 4242"}, "/description"),
        ({"price": {"amount": 19.99, "currency": "EUR"}}, "/price/amount"),
        ({"price": {"amount": "5", "currency": "EUR"}}, "/price/amount"),
        ({"price": {"amount": 0, "currency": "EUR"}}, "/price"),
        ({"price": {"amount": 5, "currency": "USD"}}, "/price/currency"),
        ({"image_url": "javascript:alert(1)"}, "/image_url"),
        ({"image_url": "//elsewhere.test/x"}, "/image_url"),
        ({"status": "gone"}, "/status"),
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_an_invalid_field_is_422_and_named(
    http: aiohttp.ClientSession, admin: Headers, changes: dict[str, Any], pointer: str
) -> None:
    async with http.post(PRODUCTS, json=new_product(**changes), headers=admin) as answer:
        assert answer.status == 422
        assert [error["pointer"] for error in (await answer.json())["errors"]] == [pointer]


async def test_a_sku_may_look_like_a_card_number(http: aiohttp.ClientSession, admin: Headers) -> None:
    await created(http, admin, sku="4242424242424242", image_url="https://shop.test/a.png")


async def test_only_an_administrator_writes_and_sees_moves(http: aiohttp.ClientSession, token_for: Any) -> None:
    seed = f"{PRODUCTS}/{seed_products()[0].id}"
    customer = {"authorization": f"Bearer {token_for('customer-1', 'customer')}"}
    calls = [("POST", PRODUCTS), ("POST", f"{seed}/stock-adjustments"), ("GET", f"{seed}/stock-moves")]
    for method, path in [*calls, ("GET", f"{seed}/stock-moves/{uuid4()}")]:
        for headers, status in [({}, 401), (customer, 403)]:
            async with http.request(method, path, headers=headers) as answer:
                assert answer.status == status


async def test_a_wrong_method_is_405_and_names_the_right_ones(http: aiohttp.ClientSession) -> None:
    async with http.delete(PRODUCTS) as answer:
        assert answer.status == 405
        assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))


async def test_an_adjustment_moves_stock_and_is_kept(http: aiohttp.ClientSession, admin: Headers) -> None:
    product = await created(http, admin)
    moves = []
    for delta in (5, -2):
        answer = await adjust(http, admin, product["id"], delta)
        assert answer.status == 201
        moves.append(await answer.json())
        async with http.get(answer.headers["location"], headers=admin) as read:
            assert await read.json() == moves[-1]
    assert [(move["delta"], move["reason"], move["product_id"]) for move in moves] == [
        (5, "delivery", product["id"]),
        (-2, "delivery", product["id"]),
    ]
    assert (await get(http, f"{PRODUCTS}/{product['id']}"))["available"] == 3
    path = f"{PRODUCTS}/{product['id']}/stock-moves"
    assert await all_items(http, path, headers=admin, limit="1") == moves[::-1]


async def test_stock_never_goes_below_zero_and_the_refusal_leaves_the_key_free(
    http: aiohttp.ClientSession, admin: Headers
) -> None:
    product = await created(http, admin)
    assert (await adjust(http, admin, product["id"], -1, "k")).status == 409
    assert (await adjust(http, admin, product["id"], 4, "k")).status == 201
    answers = await asyncio.gather(*(adjust(http, admin, product["id"], -1) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201] * 4 + [409] * 6
    assert (await get(http, f"{PRODUCTS}/{product['id']}"))["available"] == 0


async def test_simultaneous_repeats_of_an_adjustment_move_stock_once(
    http: aiohttp.ClientSession, admin: Headers
) -> None:
    product = await created(http, admin)
    answers = await asyncio.gather(*(adjust(http, admin, product["id"], 3, "once") for _ in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len({(await answer.json())["id"] for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count("true") == 19
    assert (await get(http, f"{PRODUCTS}/{product['id']}"))["available"] == 3


async def test_a_key_with_another_body_is_422_and_without_a_key_400(
    http: aiohttp.ClientSession, admin: Headers
) -> None:
    product = await created(http, admin)
    assert (await adjust(http, admin, product["id"], 3, "key")).status == 201
    assert (await adjust(http, admin, product["id"], 4, "key")).status == 422
    other = await created(http, admin, sku="TST-2")
    assert (await adjust(http, admin, other["id"], 4, "key")).status == 201
    path = f"{PRODUCTS}/{product['id']}/stock-adjustments"
    for key in ({}, {"idempotency-key": "x" * 256}, {"idempotency-key": "a b"}):
        async with http.post(path, json={"delta": 1, "reason": "r"}, headers=admin | key) as answer:
            assert answer.status == 400


@pytest.mark.parametrize(
    "body", [{"delta": 0, "reason": "r"}, {"delta": 1.0, "reason": "r"}, {"delta": 1}, {"delta": 1, "reason": " "}]
)
async def test_an_invalid_adjustment_is_422(http: aiohttp.ClientSession, admin: Headers, body: dict[str, Any]) -> None:
    path = f"{PRODUCTS}/{seed_products()[0].id}/stock-adjustments"
    async with http.post(path, json=body, headers=admin | {"idempotency-key": "k"}) as answer:
        assert answer.status == 422


async def test_stock_of_an_unknown_product_is_404(http: aiohttp.ClientSession, admin: Headers) -> None:
    assert (await adjust(http, admin, str(uuid4()), 1)).status == 404
    for path in (f"{uuid4()}/stock-moves", f"{seed_products()[0].id}/stock-moves/{uuid4()}"):
        async with http.get(f"{PRODUCTS}/{path}", headers=admin) as answer:
            assert answer.status == 404


async def test_a_picture_is_cacheable_and_revalidated(http: aiohttp.ClientSession) -> None:
    path = f"/images/products/{seed_products()[0].sku}.svg"
    async with http.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        assert "max-age" in answer.headers["cache-control"]
        etag = answer.headers["etag"]
    async with http.get(path, headers={"if-none-match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    for missing in ("/images/products/NONE.svg", "/images/products/a%00.svg"):
        async with http.get(missing) as answer:
            assert answer.status == 404

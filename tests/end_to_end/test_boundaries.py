"""What the gateway and the services refuse, and how they say it."""

import gzip
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.end_to_end.shop import Answer, Shop, order_body
from tests.support.stubborn import MEBIBYTE, sent, tunnel


def assert_problem(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.body["status"] == status
    assert answer.body["type"].startswith("https://")
    assert answer.body["detail"]
    assert len(answer.headers["x-trace-id"]) == 32


async def test_another_customers_order_reads_as_not_found(shop: Shop) -> None:
    mine, other, product = await shop.sign_up(), await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(mine, product["id"])
    for method, path in (("GET", ""), ("GET", "/timeline"), ("POST", "/cancellation")):
        answer = await shop.call(method, f"/api/v1/orders/{order['id']}{path}", token=other.token)
        assert_problem(answer, 404)
    listed = await shop.call("GET", "/api/v1/orders", token=other.token)
    assert listed.body == {"items": [], "next_cursor": None}
    seen = await shop.call("GET", f"/api/v1/orders/{order['id']}", token=await shop.admin())
    assert seen.status == 200


async def test_an_unknown_path_is_404_and_an_unknown_method_405_before_the_token_is_looked_at(shop: Shop) -> None:
    assert_problem(await shop.call("GET", "/api/v1/nothing"), 404)
    assert_problem(await shop.call("GET", "/api/v1/orders/1/2/3", token="broken"), 404)
    refused = await shop.call("DELETE", "/api/v1/orders")
    assert_problem(refused, 405)
    assert {"GET", "POST"} <= {method.strip() for method in refused.headers["allow"].split(",")}


async def test_without_a_valid_token_nothing_of_a_customer_is_shown(shop: Shop) -> None:
    for path in ("/api/v1/orders", "/api/v1/customers/me", "/api/v1/notifications", f"/api/v1/orders/{uuid4()}"):
        for token in (None, "garbage", "eyJhbGciOiJub25lIn0.e30."):
            answer = await shop.call("GET", path, token=token)
            assert_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_scheme_of_a_token_is_written_in_any_case(shop: Shop) -> None:
    customer = await shop.sign_up()
    for path in ("/api/v1/customers/me", "/api/v1/orders", "/api/v1/notifications"):
        for scheme in ("bearer", "BEARER ", "bEARER   "):
            answer = await shop.call("GET", path, headers={"authorization": f"{scheme} {customer.token}"})
            assert answer.status == 200, answer


async def test_whatever_may_be_read_may_be_asked_for_its_head(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(customer, product["id"])
    admin = await shop.admin()
    for path in (
        "/openapi.json",
        "/docs",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/api/v1/products",
        f"/api/v1/products/{product['id']}",
        product["image_url"],
        "/api/v1/customers/me",
        "/api/v1/orders",
        f"/api/v1/orders/{order['id']}",
        f"/api/v1/orders/{order['id']}/timeline",
        "/api/v1/notifications",
        f"/api/v1/orders/{uuid4()}",
    ):
        got, headed = [await shop.call(method, path, token=customer.token) for method in ("GET", "HEAD")]
        assert (headed.status, headed.body) == (got.status, b""), path
        assert headed.headers["content-type"] == got.headers["content-type"]
        assert headed.headers.get("etag") == got.headers.get("etag")
    moves = f"/api/v1/products/{product['id']}/stock-moves"
    assert [(await shop.call("HEAD", moves, token=token)).status for token in (admin, customer.token)] == [200, 403]


async def test_an_encoded_body_is_415_and_says_what_is_taken(shop: Shop) -> None:
    customer = await shop.sign_up()
    kind = {"content-type": "application/json", "idempotency-key": "k"}
    for path, coding in (("/api/v1/orders", "gzip"), ("/api/v1/tokens", "br"), ("/api/v1/customers", "unknown")):
        headers = {**kind, "content-encoding": coding}
        answer = await shop.call("POST", path, token=customer.token, data=gzip.compress(b"{}"), headers=headers)
        assert_problem(answer, 415)
        assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_that_is_too_large_is_answered_through_a_tunnel_that_goes_on_to_work(shop: Shop) -> None:
    customer = await shop.sign_up()
    port = int(shop.url.rpartition(":")[2])
    async with tunnel(port) as through:
        for size in (2 * MEBIBYTE, 10 * MEBIBYTE):
            for length in (True, False):
                bearer = f"Bearer {customer.token}"
                said = await sent(through.port, "POST", "/api/v1/orders", size, length=length, Authorization=bearer)
                assert (said.status, said.slug) == (413, "payload-too-large")
        assert through.broken == []


async def test_a_customer_may_not_do_what_is_for_the_staff(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(0)
    path = f"/api/v1/products/{product['id']}/stock-adjustments"
    answer = await shop.call(
        "POST", path, token=customer.token, json={"delta": 1, "reason": "x"}, headers={"idempotency-key": "k"}
    )
    assert_problem(answer, 403)


async def test_unreadable_bodies_are_refused_by_kind(shop: Shop) -> None:
    customer = await shop.sign_up()
    headers = {"idempotency-key": "k", "content-type": "application/json"}
    send: dict[str, Any] = {"token": customer.token, "headers": headers}
    assert_problem(await shop.call("POST", "/api/v1/orders", data=b"{", **send), 400)
    assert_problem(await shop.call("POST", "/api/v1/orders", data=b" " * (1024 * 1024 + 1), **send), 413)
    plain = {"idempotency-key": "k", "content-type": "text/plain"}
    assert_problem(await shop.call("POST", "/api/v1/orders", data=b"{}", token=customer.token, headers=plain), 415)
    no_key = await shop.call("POST", "/api/v1/orders", json=order_body(str(uuid4())), token=customer.token)
    assert_problem(no_key, 400)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"product_id": "x", "quantity": 1}]}, "/lines/0/product_id"),
        ({"lines": [{"product_id": str(uuid4()), "quantity": "1"}]}, "/lines/0/quantity"),
        ({"lines": [{"product_id": str(uuid4()), "quantity": 1000}]}, "/lines/0/quantity"),
        ({"lines": [{"product_id": "0190f000-0000-7000-8000-000000000000", "quantity": 1}] * 2}, "/lines"),
        ({"payment_method": {"type": "card", "token": "4242424242424242"}}, "/payment_method/token"),
        ({"payment_method": {"type": "cash", "token": "pm_card_visa"}}, "/payment_method/type"),
        ({"surprise": 1}, "/surprise"),
        ({"expected_total": {"amount": 1.5, "currency": "EUR"}}, "/expected_total/amount"),
        ({"expected_total": {"amount": 1, "currency": "USD"}}, "/expected_total/currency"),
    ],
)
async def test_an_invalid_field_is_named_by_its_pointer(shop: Shop, change: dict[str, Any], pointer: str) -> None:
    customer = await shop.sign_up()
    answer = await shop.call(
        "POST",
        "/api/v1/orders",
        token=customer.token,
        headers={"idempotency-key": str(uuid4())},
        json=order_body(str(uuid4())) | change,
    )
    assert_problem(answer, 422)
    assert pointer in [error["pointer"] for error in answer.body["errors"]]
    assert "4242" not in str(answer.body)


async def test_lists_are_walked_by_cursor_without_gaps_or_repeats(shop: Shop) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(5)
    placed = [(await shop.bought(customer, product["id"]))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await shop.call("GET", f"/api/v1/orders?limit=2{cursor}", token=customer.token)
        seen += [item["id"] for item in answer.body["items"]]
        if answer.body["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.body['next_cursor']}"
    assert seen == placed[::-1]
    for query in ("limit=0", "limit=101", "limit=x", "cursor=%00", "status=LOST"):
        assert_problem(await shop.call("GET", f"/api/v1/orders?{query}", token=customer.token), 422)


async def test_staff_find_orders_by_customer_and_contact_and_customers_only_their_own(shop: Shop) -> None:
    one, other, product = await shop.sign_up(), await shop.sign_up(), await shop.new_product(2)
    order, another = await shop.bought(one, product["id"]), await shop.bought(other, product["id"])
    admin = await shop.admin()

    async def found(query: str, token: str = admin) -> list[str]:
        answer = await shop.call("GET", f"/api/v1/orders?{query}", token=token)
        assert answer.status == 200, answer
        return [item["id"] for item in answer.body["items"]]

    assert await found(f"customer_id={order['customer_id']}") == [order["id"]]
    assert await found(f"q={other.email.upper()}") == [another["id"]]
    assert await found(f"q={another['id']}") == [another["id"]]
    assert await found(f"customer_id={order['customer_id']}&q={other.email}") == []
    assert await found(f"customer_id={order['customer_id']}", other.token) == [another["id"]], "no filter of theirs"
    for query in ("customer_id=%00", "q=%00", "q=a%0Ab", "q=" + "x" * 201):
        assert_problem(await shop.call("GET", f"/api/v1/orders?{query}", token=admin), 422)


async def test_the_catalog_is_public_seeded_and_searchable(shop: Shop) -> None:
    seen: dict[str, Any] = {}
    cursor = ""
    while True:
        answer = await shop.call("GET", f"/api/v1/products?limit=100{cursor}")
        assert answer.status == 200
        seen |= {item["id"]: item for item in answer.body["items"]}
        if answer.body["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.body['next_cursor']}"
    seeded = [item for item in seen.values() if not item["sku"].startswith("TEST-")]
    assert len(seeded) >= 60
    one = seeded[0]
    found = await shop.call("GET", f"/api/v1/products?q={one['sku']}")
    assert one["id"] in [item["id"] for item in found.body["items"]]
    picture = await shop.call("GET", one["image_url"])
    assert picture.status == 200
    assert picture.headers["content-type"].startswith("image/svg+xml")


async def test_tokens_are_refreshed_and_their_keys_published(shop: Shop) -> None:
    customer = await shop.sign_up()
    log_in = {"email": customer.email, "password": customer.password}
    tokens = (await shop.call("POST", "/api/v1/tokens", json=log_in)).body
    refresh = {"refresh_token": tokens["refresh_token"]}
    renewed = await shop.call("POST", "/api/v1/tokens/refresh", json=refresh)
    assert renewed.status == 200
    again = await shop.call("POST", "/api/v1/tokens/refresh", json=refresh)
    assert again.body["refresh_token"] == renewed.body["refresh_token"]
    me = await shop.call("GET", "/api/v1/customers/me", token=renewed.body["access_token"])
    assert me.body["email"] == customer.email
    discovery = await shop.call("GET", "/.well-known/openid-configuration")
    assert discovery.body["issuer"] == shop.url
    keys = await shop.call("GET", "/.well-known/jwks.json")
    assert keys.body["keys"]
    assert all("d" not in key for key in keys.body["keys"])


async def test_an_oauth_client_gets_its_tokens_through_the_gateway(shop: Shop) -> None:
    """Authorization of another scheme than Bearer is the client's own, and no token that fails at the door."""
    customer = await shop.sign_up()
    metadata = await shop.call("GET", "/.well-known/oauth-authorization-server")
    assert metadata.body == (await shop.call("GET", "/.well-known/openid-configuration")).body
    endpoint = metadata.body["token_endpoint"].removeprefix(shop.url)
    form = {"grant_type": "password", "username": customer.email, "password": customer.password}
    sent = {"content-type": "application/x-www-form-urlencoded", "authorization": "Basic c2hvcDo="}
    tokens = await shop.call("POST", endpoint, data=urlencode(form).encode(), headers=sent)
    assert (tokens.status, tokens.headers["cache-control"], tokens.headers["pragma"]) == (200, "no-store", "no-cache")
    me = await shop.call("GET", "/api/v1/customers/me", token=tokens.body["access_token"])
    assert me.body["email"] == customer.email
    form = {"grant_type": "refresh_token", "refresh_token": "never given"}
    refused = await shop.call("POST", endpoint, data=urlencode(form).encode(), headers=sent)
    assert (refused.status, refused.body["error"]) == (400, "invalid_grant")

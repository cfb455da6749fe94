"""The API is as `/openapi.json` says: every operation is called, and every answer held against the document."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest_asyncio
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.end_to_end.described import Described
from tests.end_to_end.shop import Customer, Shop, order_body

FORM = "application/x-www-form-urlencoded"
STAFF = {"createProduct", "adjustStock", "listStockMoves", "readStockMove"}


@pytest_asyncio.fixture
async def api(shop: Shop) -> Described:
    return await Described.of(shop)


async def test_the_whole_api_is_described_and_validly_so(api: Described) -> None:
    OpenAPIV31SpecValidator(api.document).validate()
    tags = {tag["name"] for tag in api.document["tags"]}
    assert tags == {"customer", "gateway", "notification", "order", "payment", "product"}
    assert api.document["servers"] == [{"url": "/"}]


async def test_a_customer_s_way_from_sign_up_to_message_answers_as_described(api: Described, shop: Shop) -> None:
    email, password = f"{uuid4().hex}@example.com", f"secret-{uuid4().hex}"
    product = await shop.new_product(3)
    await api.call("POST", "/api/v1/customers", json={"email": email, "name": "Ada Lovelace", "password": password})
    await api.call("POST", "/api/v1/customers", json={"email": email, "name": "Ada Lovelace", "password": password})
    tokens = (await api.call("POST", "/api/v1/tokens", json={"email": email, "password": password})).body
    await api.call("POST", "/api/v1/tokens", json={"email": email, "password": "wrong"})
    for secret, status in (("", 200), ("a secret", 401)):
        form = {"grant_type": "password", "username": email, "password": password, "client_secret": secret}
        sent: dict[str, Any] = {"data": urlencode(form).encode(), "headers": {"content-type": FORM}}
        assert (await api.call("POST", "/api/v1/tokens", **sent)).status == status
    strange = await api.call("POST", "/api/v1/tokens", data=b"grant_type=x", headers={"content-type": FORM})
    assert strange.status == 400
    last = (await api.call("POST", "/api/v1/tokens", json={"email": email, "password": password})).body
    await api.call("POST", "/api/v1/tokens/revocation", json={"refresh_token": last["refresh_token"]})
    for token, status in ((last["refresh_token"], 200), ("an.access.token", 400)):
        sent = {"data": urlencode({"token": token}).encode(), "headers": {"content-type": FORM}}
        assert (await api.call("POST", "/api/v1/tokens/revocation", **sent)).status == status
    await api.call("POST", "/api/v1/tokens/refresh", json={"refresh_token": tokens["refresh_token"]})
    await api.call("POST", "/api/v1/tokens/refresh", json={"refresh_token": "unknown"})
    token = tokens["access_token"]
    me = (await api.call("GET", "/api/v1/customers/me", token=token)).body
    customer = Customer(email, password, me["id"], token)
    await api.call("GET", "/api/v1/products?limit=2&q=lamp")
    await api.call("GET", f"/api/v1/products/{product['id']}")
    picture = await api.call("GET", product["image_url"])
    await api.call("GET", product["image_url"], headers={"if-none-match": picture.headers["etag"]})

    place: dict[str, Any] = {"json": order_body(product["id"]), "headers": {"idempotency-key": str(uuid4())}}
    placed = await api.call("POST", "/api/v1/orders", token=token, **place)
    again = await api.call("POST", "/api/v1/orders", token=token, **place)
    assert again.headers["idempotency-replayed"] == "true"
    path = f"/api/v1/orders/{placed.body['id']}"
    await shop.settled(customer, placed.body["id"])
    await api.call("GET", path, token=token)
    await api.call("GET", f"{path}/timeline", token=token)
    await api.call("GET", "/api/v1/orders?status=CONFIRMED", token=token)
    await shop.messages(customer, 1)
    await api.call("GET", "/api/v1/notifications", token=token)
    await api.call("POST", f"{path}/cancellation", token=token, json={"reason": "Ordered twice."})
    for name in ("openid-configuration", "oauth-authorization-server", "jwks.json"):
        await api.call("GET", f"/.well-known/{name}")
    for public in ("/openapi.json", "/docs"):
        await api.call("GET", public)
    well = {(name, status) for name, status in api.seen if status < "4"}
    assert {name for name, _ in well} == api.operations.keys() - STAFF - {"receiveStripeEvent"}


async def test_what_the_staff_does_answers_as_described(api: Described, shop: Shop) -> None:
    token = await shop.admin()
    new = {
        "sku": f"TEST-{uuid4().hex[:12]}",
        "name": "A thing",
        "description": "For a test.",
        "category": "books",
        "price": {"amount": 100, "currency": "EUR"},
    }
    made = await api.call("POST", "/api/v1/products", token=token, json=new)
    await api.call("POST", "/api/v1/products", token=token, json=new)
    path = f"/api/v1/products/{made.body['id']}"
    for delta in (5, -6):
        key = {"idempotency-key": str(uuid4())}
        adjust = {"delta": delta, "reason": "count"}
        await api.call("POST", f"{path}/stock-adjustments", token=token, json=adjust, headers=key)
    moves = await api.call("GET", f"{path}/stock-moves", token=token)
    await api.call("GET", f"{path}/stock-moves/{moves.body['items'][0]['id']}", token=token)
    expected = {(name, "201" if name in {"createProduct", "adjustStock"} else "200") for name in STAFF}
    assert api.seen == expected | {("createProduct", "409"), ("adjustStock", "409")}


async def test_refusals_answer_as_described(api: Described, shop: Shop) -> None:
    customer, nobody = await shop.sign_up(), uuid4()
    token, orders = customer.token, "/api/v1/orders"
    for operation in api.operations.values():
        path = next(p for p, item in api.document["paths"].items() if operation in item.values())
        method = next(m for m, op in api.document["paths"][path].items() if op is operation)
        if operation["security"]:
            for name in ("{id}", "{move}"):
                path = path.replace(name, str(nobody))
            await api.call(method.upper(), path)
            if operation["security"] == [{"bearer": ["admin"]}]:
                key = {"idempotency-key": "k"}
                body = {"delta": 1, "reason": "x"} if method == "post" else None
                await api.call(method.upper(), path, token=token, json=body, headers=key)
    as_json = {"idempotency-key": "k", "content-type": "application/json"}
    await api.call("POST", orders, token=token, data=b"{", headers=as_json)
    await api.call("POST", orders, token=token, data=b" " * (1024 * 1024 + 1), headers=as_json)
    await api.call("POST", orders, token=token, data=b"{}", headers=as_json | {"content-type": "text/plain"})
    await api.call("POST", orders, token=token, json={"lines": []}, headers=as_json)
    await api.call("GET", f"{orders}?limit=0", token=token)
    await api.call("GET", f"/api/v1/products/{nobody}")
    await api.call("GET", f"{orders}/{nobody}", token=token)
    await api.call("GET", "/images/products/none.svg")
    await api.call("POST", "/api/v1/payments/webhooks/stripe", json={})
    assert {status for _, status in api.seen} == {"400", "401", "403", "404", "413", "415", "422"}

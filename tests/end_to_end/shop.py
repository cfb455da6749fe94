"""A customer's view of a running platform, for tests: everything goes through the gateway."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Self, TypeVar
from uuid import uuid4

import aiohttp

T = TypeVar("T")
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}
ENDED = {"CONFIRMED", "REJECTED", "CANCELLED", "SHIPPED", "DELIVERED"}


@dataclass
class Answer:
    """A response, read whole."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Customer:
    email: str
    password: str
    id: str
    token: str


@dataclass
class Shop:
    """Speaks to the gateway at `url`."""

    url: str
    admin_email: str
    admin_password: str
    _session: aiohttp.ClientSession = field(init=False)
    _admin: str | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(limit=300)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token:
            sent["authorization"] = f"Bearer {token}"
        sending = BytesIO(data) if data else None
        async with self._session.request(method, self.url + path, json=json, data=sending, headers=sent) as response:
            raw = await response.read()
            kind = response.headers.get("content-type", "")
            body = await response.json(content_type=None) if "json" in kind and raw else raw
            return Answer(response.status, body, {k.lower(): v for k, v in response.headers.items()})

    async def sign_up(self) -> Customer:
        email, password = f"{uuid4().hex}@example.com", f"secret-{uuid4().hex}"
        made = await self.call(
            "POST", "/api/v1/customers", json={"email": email, "name": "Ada Lovelace", "password": password}
        )
        assert made.status == 201, made
        return Customer(email, password, made.body["id"], await self.log_in(email, password))

    async def log_in(self, email: str, password: str) -> str:
        answer = await self.call("POST", "/api/v1/tokens", json={"email": email, "password": password})
        assert answer.status == 200, answer
        return str(answer.body["access_token"])

    async def admin(self) -> str:
        if self._admin is None:
            self._admin = await self.log_in(self.admin_email, self.admin_password)
        return self._admin

    async def new_product(self, stock: int, price: int = 1999) -> dict[str, Any]:
        """A product of this test's own, with `stock` on hand."""
        admin = await self.admin()
        made = await self.call(
            "POST",
            "/api/v1/products",
            token=admin,
            json={
                "sku": f"TEST-{uuid4().hex[:12]}",
                "name": "A thing",
                "description": "For a test.",
                "category": "books",
                "price": {"amount": price, "currency": "EUR"},
            },
        )
        assert made.status == 201, made
        if stock:
            moved = await self.call(
                "POST",
                f"/api/v1/products/{made.body['id']}/stock-adjustments",
                token=admin,
                json={"delta": stock, "reason": "delivery"},
                headers={"idempotency-key": str(uuid4())},
            )
            assert moved.status == 201, moved
        return dict(made.body)

    async def available(self, product_id: str) -> int:
        answer = await self.call("GET", f"/api/v1/products/{product_id}")
        assert answer.status == 200, answer
        return int(answer.body["available"])

    async def place(
        self,
        customer: Customer,
        product_id: str,
        *,
        quantity: int = 1,
        card: str = "pm_card_visa",
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Answer:
        return await self.call(
            "POST",
            "/api/v1/orders",
            token=customer.token,
            headers={"idempotency-key": key or str(uuid4()), **(headers or {})},
            json=order_body(product_id, quantity, card) | more,
        )

    async def order(self, customer: Customer, order_id: str) -> dict[str, Any]:
        answer = await self.call("GET", f"/api/v1/orders/{order_id}", token=customer.token)
        assert answer.status == 200, answer
        return dict(answer.body)

    async def settled(
        self, customer: Customer, order_id: str, *, within: float = 30.0, payment: set[str] | None = None
    ) -> dict[str, Any]:
        """The order once it has come to rest (and its payment shows one of `payment`, where given)."""

        async def at_rest() -> dict[str, Any] | None:
            order = await self.order(customer, order_id)
            done = order["status"] in ENDED and (payment is None or order["payment"]["status"] in payment)
            return order if done else None

        return await eventually(at_rest, within)

    async def bought(self, customer: Customer, product_id: str, **how: Any) -> dict[str, Any]:
        """Places an order and waits until it has come to rest."""
        placed = await self.place(customer, product_id, **how)
        assert placed.status == 202, placed
        return await self.settled(customer, placed.body["id"])

    async def messages(self, customer: Customer, count: int, within: float = 20.0) -> list[dict[str, Any]]:
        """The customer's sent messages, once there are `count` of them."""

        async def there() -> list[dict[str, Any]] | None:
            answer = await self.call("GET", "/api/v1/notifications", token=customer.token)
            assert answer.status == 200, answer
            sent = [item for item in answer.body["items"] if item["sent_at"]]
            return sent if len(sent) >= count else None

        return await eventually(there, within)


def order_body(product_id: str, quantity: int = 1, card: str = "pm_card_visa") -> dict[str, Any]:
    return {
        "lines": [{"product_id": product_id, "quantity": quantity}],
        "shipping_address": ADDRESS,
        "payment_method": {"type": "card", "token": card},
    }


async def eventually(probe: Callable[[], Awaitable[T | None]], within: float) -> T:
    """The first truthy answer of `probe`; fails when none came in `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = await probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within} s; last: {found!r}"
        await asyncio.sleep(0.05)

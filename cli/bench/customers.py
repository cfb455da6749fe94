"""The customers that order, and the stock they order from."""

import math
import secrets
import time
from dataclasses import dataclass
from uuid import uuid4

from cli.instance import Instance
from cli.platform.accounts import admin_token
from cli.platform.client import Client, Product, Token

FEWEST = 5
PER_CUSTOMER = 50.0
"""Orders a second from one customer, half of what the gateway allows by default."""


@dataclass(slots=True)
class _Customer:
    """`until` on the monotonic clock: when the token ends."""

    email: str
    password: str
    token: Token
    until: float


class Customers:
    """Signed up when they are needed, logged in again when their token would end."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._all: list[_Customer] = []

    async def for_rate(self, rate: float, seconds: float) -> list[Token]:
        """Enough customers for a rate, with tokens good for at least `seconds`."""
        return await self.tokens(max(FEWEST, math.ceil(rate / PER_CUSTOMER)), seconds)

    async def tokens(self, count: int, seconds: float) -> list[Token]:
        while len(self._all) < count:
            self._all.append(await self._new())
        chosen = self._all[:count]
        for customer in chosen:
            if customer.until < time.monotonic() + seconds:
                await self._log_in(customer)
        return [customer.token for customer in chosen]

    async def _new(self) -> _Customer:
        email, password = f"bench-{secrets.token_hex(6)}@mercato.example", secrets.token_urlsafe(18)
        await self._client.sign_up(email, "Bench", password)
        customer = _Customer(email, password, Token("", 0), 0.0)
        await self._log_in(customer)
        return customer

    async def _log_in(self, customer: _Customer) -> None:
        customer.token = await self._client.log_in(customer.email, customer.password)
        customer.until = time.monotonic() + customer.token.expires_in


async def stocked(client: Client, instance: Instance, orders: int) -> list[str]:
    """Product ids with enough in stock for `orders` of two units each; the admin adds what is missing."""
    products = await client.products(100)
    needed = math.ceil(orders * 2 / max(len(products), 1) * 1.5) + 100
    missing = [product for product in products if product.available < needed]
    if missing:
        admin = await admin_token(client, instance.admin)
        for product in missing:
            await _add(client, admin, product, needed - product.available)
    return [product.id for product in products]


async def _add(client: Client, admin: Token, product: Product, units: int) -> None:
    await client.call(
        "POST",
        f"/api/v1/products/{product.id}/stock-adjustments",
        {"delta": units, "reason": "stock for ./mercato bench"},
        admin,
        {"idempotency-key": str(uuid4())},
    )

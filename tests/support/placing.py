"""A customer's and the staff's calls of the order service."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

from tests.support.issuer import TokenFor

ORDERS = "/api/v1/orders"
ADDRESS = {"name": "Ann", "line1": "1 High Street", "city": "Dublin", "country": "IE"}


@dataclass
class Desk:
    """Where orders are placed, and looked for."""

    http: aiohttp.ClientSession
    token_for: TokenFor

    async def placed(self, name: object, email: object = "ann@shop.test", /, **address: str) -> dict[str, Any]:
        """An order of a customer whose token says so. Fails when it is refused."""
        status, body = await self.place(name, email, **address)
        assert status == 202, (name, email, body)
        return body

    async def place(
        self, name: object, email: object = "ann@shop.test", /, **address: str
    ) -> tuple[int, dict[str, Any]]:
        token = self.token_for(str(uuid4()), "customer", name=name, email=email)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
        body = {
            "lines": [{"product_id": str(uuid4()), "quantity": 1}],
            "shipping_address": ADDRESS | address,
            "payment_method": {"type": "card", "token": "pm_card_visa"},
        }
        async with self.http.post(ORDERS, json=body, headers=headers) as answer:
            return answer.status, dict(await answer.json())

    async def found(self, query: str) -> list[str]:
        """Ids of the orders that staff find, at most 100."""
        headers = {"authorization": f"Bearer {self.token_for('staff', 'admin')}"}
        async with self.http.get(ORDERS, params={"q": query, "limit": "100"}, headers=headers) as answer:
            assert answer.status == 200, (query, await answer.text())
            return [item["id"] for item in (await answer.json())["items"]]

"""The platform's HTTP API as its customers see it: through the gateway, and no other way."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from cli.platform.errors import PlatformError
from cli.platform.sites import Entry

TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}


class Refused(PlatformError):
    """A problem document came back."""

    def __init__(self, status: int, what: str, detail: str) -> None:
        super().__init__(f"{what}: {detail} ({status})")
        self.status = status


@dataclass(frozen=True, slots=True)
class Product:
    """`price` in minor units of `currency`."""

    id: str
    name: str
    price: int
    currency: str
    available: int


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; `expires_in` in seconds."""

    access: str = field(repr=False)
    expires_in: int


def order_body(lines: Mapping[str, int], card: str = "pm_card_visa") -> dict[str, Any]:
    """The body of an order: `lines` maps product ids to quantities."""
    return {
        "lines": [{"product_id": product, "quantity": quantity} for product, quantity in lines.items()],
        "shipping_address": ADDRESS,
        "payment_method": {"type": "card", "token": card},
    }


class Client:
    """Calls on behalf of whoever's token is given. Raises PlatformError, Refused."""

    def __init__(self, entry: Entry, session: aiohttp.ClientSession) -> None:
        self._base = entry.gateway_url
        self._see = entry.remedies.status
        self._session = session

    async def sign_up(self, email: str, name: str, password: str) -> None:
        await self.call("POST", "/api/v1/customers", {"email": email, "name": name, "password": password})

    async def log_in(self, email: str, password: str) -> Token:
        answer = await self.call("POST", "/api/v1/tokens", {"email": email, "password": password})
        return Token(answer["access_token"], answer["expires_in"])

    async def products(self, limit: int = 50) -> list[Product]:
        answer = await self.call("GET", f"/api/v1/products?limit={limit}")
        return [
            Product(item["id"], item["name"], item["price"]["amount"], item["price"]["currency"], item["available"])
            for item in answer["items"]
        ]

    async def place(self, token: Token, lines: Mapping[str, int], key: str | None = None) -> dict[str, Any]:
        """The order as first answered; `key` is the Idempotency-Key, a fresh one by default."""
        headers = {"idempotency-key": key or str(uuid4())}
        answer: dict[str, Any] = await self.call("POST", "/api/v1/orders", order_body(lines), token, headers)
        return answer

    async def order(self, token: Token, order_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call("GET", f"/api/v1/orders/{order_id}", token=token)
        return answer

    async def timeline(self, token: Token, order_id: str) -> Sequence[dict[str, Any]]:
        answer = await self.call("GET", f"/api/v1/orders/{order_id}/timeline", token=token)
        items: Sequence[dict[str, Any]] = answer["items"]
        return items

    async def notifications(self, token: Token) -> Sequence[dict[str, Any]]:
        answer = await self.call("GET", "/api/v1/notifications?limit=100", token=token)
        items: Sequence[dict[str, Any]] = answer["items"]
        return items

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answered; `path` may be a whole URL. Raises Refused for what is not 2xx."""
        sent = dict(headers or {})
        if token:
            sent["authorization"] = f"Bearer {token.access}"
        url = path if path.startswith("http") else self._base + path
        try:
            async with self._session.request(method, url, json=body, headers=sent) as response:
                answer = await response.json(content_type=None)
        except TimeoutError as error:
            raise PlatformError(f"{url} did not answer in {TIMEOUT.total:.0f} s: see {self._see}") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise PlatformError(f"{url} does not answer as it should: see {self._see} ({error})") from error
        if response.status >= 300:
            problem = answer if isinstance(answer, dict) else {}
            detail = problem.get("detail") or problem.get("title") or "no detail given"
            raise Refused(response.status, f"{method} {path}", detail)
        return answer


@asynccontextmanager
async def connected(entry: Entry) -> AsyncIterator[Client]:
    """A client on a platform, closed at the end."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Client(entry, session)

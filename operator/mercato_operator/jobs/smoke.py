"""`python -m mercato_operator.jobs.smoke`: one order through the gateway, from sign-up to its message.

It needs the gateway's address, MERCATO_GATEWAY_URL, and nothing else: it is what a customer does.
"""

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

from mercato_operator.jobs.retrying import retrying

TIMEOUT = 10.0
"""Seconds for one request."""
CONFIRMED_WITHIN = 60.0
MESSAGE_WITHIN = 30.0
_PAUSE = 0.25
_ADDRESS = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "country": "GB"}


class SmokeError(Exception):
    """The platform did not do what a customer expects; the text says what."""


class NotYet(SmokeError):
    """It may come."""


class Shop:
    """The platform at `base`, as one customer sees it."""

    def __init__(self, base: str) -> None:
        self._base, self._token = base.rstrip("/"), ""

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """The JSON answered. Raises NotYet for 5xx, 429 and no answer, SmokeError for any other refusal."""
        sent = {"content-type": "application/json", **(headers or {})}
        if self._token:
            sent["authorization"] = f"Bearer {self._token}"
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, content, sent, method=method)  # noqa: S310 - our gateway
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            line = f"{method} {path}: {error.code} {error.read(500).decode(errors='replace')}"
            raise (NotYet if error.code >= 500 or error.code == 429 else SmokeError)(line) from None
        except (OSError, ValueError) as error:
            raise NotYet(f"{method} {path}: {error}") from None

    def sign_in(self) -> None:
        """As a customer of its own."""
        person = {"email": f"smoke-{secrets.token_hex(6)}@mercato.example", "password": secrets.token_urlsafe(18)}
        self.call("POST", "/api/v1/customers", {**person, "name": "Ada Lovelace"})
        self._token = self.call("POST", "/api/v1/tokens", person)["access_token"]

    def place(self) -> str:
        """The id of an order of one piece of something that is in stock."""
        items = self.call("GET", "/api/v1/products?limit=100")["items"]
        product = next((item["id"] for item in items if item["available"] > 0), None)
        if product is None:
            raise SmokeError("nothing is in stock: add some with POST …/stock-adjustments")
        order = {
            "lines": [{"product_id": product, "quantity": 1}],
            "shipping_address": _ADDRESS,
            "payment_method": {"type": "card", "token": "pm_card_visa"},
        }
        key = str(uuid.uuid4())  # one key for all attempts: a repeat orders nothing twice
        placed = retrying(lambda: self.call("POST", "/api/v1/orders", order, {"idempotency-key": key}), NotYet, 30)
        return str(placed["id"])

    def status(self, order: str) -> str:
        return str(self.call("GET", f"/api/v1/orders/{order}")["status"])

    def told(self, order: str) -> bool:
        """Whether the customer has a message about the order."""
        return any(item["order_id"] == order for item in self.call("GET", "/api/v1/notifications")["items"])


def smoke(base: str) -> str:
    """The id of an order that ended CONFIRMED, and whose message was sent. Raises SmokeError."""
    shop = Shop(base)
    retrying(shop.sign_in, NotYet, 60)
    order = shop.place()
    deadline = time.monotonic() + CONFIRMED_WITHIN
    while (status := retrying(lambda: shop.status(order), NotYet, 30)) != "CONFIRMED":
        if status in {"REJECTED", "CANCELLED"} or time.monotonic() > deadline:
            raise SmokeError(f"order {order} is {status}, not CONFIRMED: see the logs of order, product and payment")
        time.sleep(_PAUSE)
    deadline = time.monotonic() + MESSAGE_WITHIN
    while not retrying(lambda: shop.told(order), NotYet, 30):
        if time.monotonic() > deadline:
            raise SmokeError(f"no message about order {order}: see the logs of notification")
        time.sleep(_PAUSE)
    return order


def main() -> None:
    """Raises SystemExit with one line when the order did not end well."""
    try:
        order = smoke(os.environ.get("MERCATO_GATEWAY_URL", "http://gateway"))
    except SmokeError as error:
        raise SystemExit(f"smoke: {error}") from None
    sys.stdout.write(f"smoke: order {order} is CONFIRMED, and its message was sent\n")


if __name__ == "__main__":
    main()

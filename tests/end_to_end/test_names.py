"""A person's name on its whole way: sign-up, token, order, event, mail, and what staff find."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import aiohttp
import pytest

from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Customer, Shop, eventually
from tests.support.names import BY_SCRIPT, UNSEEN

NAMES = (
    "山田\u3000太郎",
    "می\u200cترا کیانی\u200cفر",
    "ශ්\u200dරී ලාල්",
    "Zoe\u0308 O\u0308lkanne",
    "=?utf-8?q?Bob?=",
    'Smith, "Bob" <bob@else.test> \\',
    "👩\u200d👩\u200d👧\u200d👦 Family",
    "\U0001f600" * 200,
    # Every second script: one address may sign up and log in only so often, and other tests do too.
    *[names[0] for names in BY_SCRIPT.values()][::2],
)


async def _customer(shop: Shop, name: str) -> Customer:
    email, password = f"{uuid4().hex}@example.com", f"secret-{uuid4().hex}"
    body = {"email": email, "name": name, "password": password}
    made = await shop.call("POST", "/api/v1/customers", json=body)
    assert (made.status, made.body.get("name")) == (201, name), made
    return Customer(email, password, made.body["id"], await shop.log_in(email, password))


@pytest.fixture
async def inbox(platform: Platform) -> AsyncIterator[aiohttp.ClientSession]:
    """The mail catcher's API."""
    processes = await asyncio.to_thread(platform.processes)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{processes['mailcatcher']['port']}") as session:
        yield session


async def test_every_script_is_ordered_with_mailed_and_found(shop: Shop, inbox: aiohttp.ClientSession) -> None:
    product = await shop.new_product(len(NAMES))
    faults = [_faults(shop, inbox, name, product["id"]) for name in NAMES]
    lost: list[str] = []
    for start in range(0, len(faults), 6):
        for found in await asyncio.gather(*faults[start : start + 6]):
            lost += found
    assert lost == []


async def _faults(shop: Shop, inbox: aiohttp.ClientSession, name: str, product_id: str) -> list[str]:
    customer = await _customer(shop, name)
    placed = await shop.place(customer, product_id, shipping_address=_address(name))
    assert placed.status == 202, placed
    order = await shop.settled(customer, placed.body["id"])
    [message] = await shop.messages(customer, 1)
    mail = await _mail(inbox, order["id"])
    found = await _found(shop, unicodedata.normalize("NFD", name)[:200])
    steps = {
        "confirmed": order["status"] == "CONFIRMED",
        "contact": order["contact"] == {"name": name, "email": customer.email},
        "address": order["shipping_address"]["name"] == name,
        "message": f"Hello {name},\n" in message["body"],
        "mail": f"Hello {name},\n" in mail["text"] and mail["to"] == [customer.email],
        "search": order["id"] in found or not any(unicodedata.category(char)[0] in "LN" for char in name),
    }
    return [f"{name!r}: {step}" for step, right in steps.items() if not right]


def _address(name: str) -> dict[str, str]:
    return {"name": name, "line1": name, "city": name, "country": "JP"}


async def _mail(inbox: aiohttp.ClientSession, order_id: str) -> dict[str, Any]:
    async def there() -> Any:
        async with inbox.get(f"/messages?order={order_id}") as answer:
            return await answer.json()

    [mail] = await eventually(there, 20)
    return dict(mail)


async def _found(shop: Shop, query: str) -> list[str]:
    answer = await shop.call("GET", f"/api/v1/orders?limit=100&q={quote(query)}", token=await shop.admin())
    assert answer.status == 200, answer
    return [item["id"] for item in answer.body["items"]]


@pytest.mark.parametrize("name", UNSEEN[:6])
async def test_what_shows_nothing_is_refused_at_the_door(shop: Shop, name: str) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "name": name, "password": "long enough"}
    answer = await shop.call("POST", "/api/v1/customers", json=body)
    assert (answer.status, [error["pointer"] for error in answer.body["errors"]]) == (422, ["/name"])


async def test_no_message_is_left_that_could_not_be_mailed(platform: Platform) -> None:
    done = await asyncio.to_thread(platform.mercato, "dead-letters", "list")
    assert "MailRefused" not in done.stdout

"""One order, told as it happens: sign up, choose, order, watch, read the message."""

import asyncio
import random
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from cli.platform.client import Client, Product, Token
from cli.platform.errors import PlatformError
from cli.platform.sites import Entry, Remedies
from services.chassis.texts.currencies import text_of

CONFIRMED_WITHIN = 30.0
"""Seconds."""
MESSAGE_WITHIN = 10.0
EVERY = 0.05
AT_REST = {"CONFIRMED", "REJECTED", "CANCELLED"}
COLOURS = {"CONFIRMED": "green", "REJECTED": "red", "CANCELLED": "red"}

Say = Callable[[str], None]


async def demo(client: Client, site: Entry, say: Say) -> None:
    """Raises PlatformError when the order does not end CONFIRMED in time."""
    email = f"ada-{secrets.token_hex(3)}@mercato.example"
    password = secrets.token_urlsafe(18)
    await client.sign_up(email, "Ada Lovelace", password)
    token = await client.log_in(email, password)
    say(f"{_title('Customer')}  {email} signed up")
    chosen = _choose(await client.products())
    for product, quantity in chosen:
        say(f"{_title('Basket')}    {quantity} × {product.name} at {text_of(product.price, product.currency)}")
    order = await client.place(token, {product.id: quantity for product, quantity in chosen})
    say(f"{_title('Order')}     {order['id']}, to be paid with pm_card_visa\n")
    await _follow(client, token, order, site.remedies, say)
    ended = await client.order(token, order["id"])
    say(f"\n{_title('Total')}     {text_of(ended['total']['amount'], ended['total']['currency'])}, payment captured\n")
    say(await _message(client, token, order["id"], site))


def _choose(products: list[Product]) -> list[tuple[Product, int]]:
    there = [product for product in products if product.available >= 2]
    if len(there) < 2:
        raise PlatformError("fewer than two products are in stock: add some with POST …/stock-adjustments")
    first, second = random.sample(there, 2)
    return [(first, 1), (second, 2)]


async def _follow(client: Client, token: Token, order: dict[str, Any], remedies: Remedies, say: Say) -> None:
    """Tells each new entry of the timeline until the order is CONFIRMED."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CONFIRMED_WITHIN
    told, status, began = 0, "PENDING", None
    while status not in AT_REST:
        items = await client.timeline(token, order["id"])
        for item in items[told:]:
            at = datetime.fromisoformat(item["at"])
            began = began or at
            status = item["status"]
            coloured = click.style(f"{status:<11}", fg=COLOURS.get(status, "cyan"), bold=True)
            say(f"  +{(at - began).total_seconds():6.3f} s  {coloured}  {item['detail']}")
        told = len(items)
        if loop.time() > deadline:
            see = f"{remedies.status} and {remedies.logs('order')}"
            raise PlatformError(f"order {order['id']} is still {status} after {CONFIRMED_WITHIN:.0f} s: see {see}")
        await asyncio.sleep(EVERY)
    if status != "CONFIRMED":
        raise PlatformError(f"order {order['id']} ended {status}, not CONFIRMED: see {remedies.logs('order')}")


async def _message(client: Client, token: Token, order_id: str, site: Entry) -> str:
    """The confirmation as the customer reads it."""
    mail_url = site.mail_url
    deadline = asyncio.get_running_loop().time() + MESSAGE_WITHIN
    while asyncio.get_running_loop().time() < deadline:
        if mail_url:
            mails = await client.call("GET", f"{mail_url}/messages?order={order_id}")
            if mails:
                mail = mails[0]
                head = f"{_title('Mail')}      to {', '.join(mail['to'])}: {mail['subject']}"
                return f"{head}\n\n{_indented(mail['text'])}\n\nAll mail: {site.inbox}"
        else:
            for item in await client.notifications(token):
                if item["order_id"] == order_id:
                    return f"{_title('Message')}   {item['subject']}\n\n{_indented(item['body'])}"
        await asyncio.sleep(EVERY)
    see = site.remedies.logs("notification")
    raise PlatformError(f"no message about {order_id} after {MESSAGE_WITHIN:.0f} s: see {see}")


def _title(text: str) -> str:
    return click.style(text, bold=True)


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}".rstrip() for line in text.strip().splitlines())

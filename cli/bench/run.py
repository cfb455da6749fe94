"""One run: customers, stock, load, confirmations, processor time, floors."""

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

import aiohttp

from cli.bench import floors
from cli.bench.confirmations import Confirmations
from cli.bench.load import SETTLE_SECONDS, Load, Schedule, Verifier
from cli.bench.processes import core_milliseconds, processor_seconds
from cli.bench.report import Floors, Latency, Report
from cli.instance import Instance
from cli.platform.accounts import admin_token
from cli.platform.client import TIMEOUT, Client, Product, Token
from cli.platform.kafka import Kafka

FEWEST_CUSTOMERS = 5
PER_CUSTOMER = 50.0
"""Orders a second from one customer, half of what the gateway allows by default."""
CONNECTIONS = 256

Say = Callable[[str], None]


async def bench(instance: Instance, schedule: Schedule, say: Say) -> Report:
    """Raises PlatformError when the platform is not fit to be driven."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, cookie_jar=jar) as session:
        client = Client(instance, session)
        customers = max(FEWEST_CUSTOMERS, math.ceil(schedule.rate / PER_CUSTOMER))
        say(f"signing up {customers} customers")
        tokens = [await _customer(client) for _ in range(customers)]
        products = await _stocked(client, instance, schedule.orders)
        say("measuring PostgreSQL and Kafka alone")
        transactions = await asyncio.to_thread(floors.transactions_per_second, instance.superuser_url())
        produced, consumed = await asyncio.to_thread(floors.records_per_second, instance.kafka_bootstrap)
        say(f"{schedule.rate:g} orders/s for {schedule.seconds:.0f} s")
        load = Load(instance.gateway_url, session, tokens)
        report = await _drive(instance, load, Verifier(client, load.sent, schedule), schedule, products)
    say("measuring Envoy alone")
    # Last, because it uses up the address's rate limit.
    answers = await floors.answers_per_second(instance.gateway_url)
    return report(Floors(transactions, produced, consumed, answers))


async def _drive(
    instance: Instance, load: Load, verifier: Verifier, schedule: Schedule, products: Sequence[str]
) -> Callable[[Floors], Report]:
    feed = Confirmations(Kafka(instance), instance.kafka_bootstrap, verifier.told)
    with feed:
        before = processor_seconds(instance.processes())
        await load.run(schedule, products)
        await _settle(load, feed)
        after = processor_seconds(instance.processes())
        await verifier.finish()
    sent = load.sent
    waits = [feed.confirmed[order_id] - due for order_id, due in sent.due.items() if order_id in feed.confirmed]
    rejected = len(feed.rejected & sent.due.keys())
    spent = core_milliseconds(before, after, len(sent.due))
    errors = dict(sent.errors)
    if verifier.early:
        errors["CONFIRMED in the feed, but not yet in the API"] = verifier.early

    def report(measured: Floors) -> Report:
        return Report(
            rate=schedule.rate,
            seconds=schedule.seconds,
            tried=sent.tried,
            hanging=schedule.hangs,
            accepted=len(sent.due),
            confirmed=len(waits),
            rejected=rejected,
            unconfirmed=len(sent.due) - len(waits) - rejected,
            errors=errors,
            accepted_per_second=len(sent.due) / sent.seconds,
            confirmed_per_second=_confirmed_rate(load, feed),
            post=Latency.of(sent.post_seconds),
            confirmation=Latency.of(waits),
            verified=verifier.verified,
            core_ms_per_order={name: round(value, 3) for name, value in spent.items()},
            floors=measured,
        )

    return report


async def _settle(load: Load, feed: Confirmations) -> None:
    """Until every accepted order has ended, or waiting is over."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        if all(order_id in feed.confirmed or order_id in feed.rejected for order_id in load.sent.due):
            return
        await asyncio.sleep(0.1)


def _confirmed_rate(load: Load, feed: Confirmations) -> float:
    """Confirmations a second, from the first order's due time to the last confirmation."""
    ended = [feed.confirmed[order_id] for order_id in load.sent.due if order_id in feed.confirmed]
    if not ended:
        return 0.0
    return len(ended) / max(max(ended) - min(load.sent.due.values()), load.sent.seconds)


async def _customer(client: Client) -> Token:
    email, password = f"bench-{secrets.token_hex(6)}@mercato.example", secrets.token_urlsafe(18)
    await client.sign_up(email, "Bench", password)
    return await client.log_in(email, password)


async def _stocked(client: Client, instance: Instance, orders: int) -> list[str]:
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

"""The loyalty service on a real Kafka and PostgreSQL: what customers buy becomes points, once."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from loyalty.app import build
from loyalty.messages import TOPIC
from loyalty.settings import LoyaltySettings
from pydantic import SecretStr

from services.chassis.messaging.messages import Message
from services.chassis.messaging.producer import Producer, Record
from services.chassis.storage.migrations import migrate
from tests.support.order_events import order_event
from tests.support.postgresql import SERVICES
from tests.support.serving import served, until

MIGRATIONS = SERVICES.parent / "docs" / "examples" / "loyalty" / "loyalty" / "migrations"
CUSTOMER = "customer-1"


@dataclass(frozen=True)
class Loyalty:
    """The running service, and a customer who asks it."""

    settings: LoyaltySettings
    http: aiohttp.ClientSession

    async def publish(self, *events: Message) -> None:
        async with Producer(self.settings) as producer:
            await producer.send([Record(one.topic, one.key, one.payload(), one.headers("order")) for one in events])

    async def account(self) -> Any:
        async with self.http.get("/api/v1/loyalty/me") as answer:
            assert answer.status == 200
            return await answer.json()

    async def has(self, points: int, orders: int) -> None:
        async def does() -> bool:
            return bool(await self.account() == {"points": points, "orders": orders})

        await until(does, 30)


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[str, ec.EllipticCurvePrivateKey]]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = orjson.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [{**public, "kid": "test", "alg": "ES256"}]})

    app = web.Application()
    app.router.add_get("/jwks.json", keys)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json", key
    await runner.cleanup()


@pytest.fixture
async def loyalty(
    new_database: Callable[[], str],
    kafka_bootstrap: str,
    topics: Callable[..., str],
    issuer: tuple[str, ec.EllipticCurvePrivateKey],
) -> AsyncIterator[Loyalty]:
    for name in (TOPIC, f"{TOPIC}.loyalty.retry", f"{TOPIC}.loyalty.dead-letter"):
        topics(2, name=name)
    url = new_database()
    migrate(url, [SERVICES / "chassis" / "migrations" / "messaging", MIGRATIONS])
    settings = LoyaltySettings(
        database_url=SecretStr(url), host="127.0.0.1", kafka_bootstrap=kafka_bootstrap, jwks_url=issuer[0]
    )
    claims = {"sub": CUSTOMER, "iss": settings.issuer, "aud": settings.audience, "exp": time.time() + 300}
    headers = {"authorization": f"Bearer {jwt.encode(claims, issuer[1], 'ES256', {'kid': 'test'})}"}
    async with served(build(settings)) as base, aiohttp.ClientSession(base, headers=headers) as http:
        yield Loyalty(settings, http)


async def test_points_follow_a_customers_orders(loyalty: Loyalty) -> None:
    assert await loyalty.account() == {"points": 0, "orders": 0}
    first, second = order_event("confirmed", version=4), order_event("confirmed", version=4)
    others = order_event("confirmed", customer_id="customer-2")
    pending = order_event("created", status="PENDING", total=None, version=1)
    await loyalty.publish(first, second, others, pending, first)
    await loyalty.has(2470, 2)

    returned = {"id": "r", "amount": {"amount": 23500, "currency": "EUR"}, "status": "succeeded", "reason": "broken"}
    again = {**first.data, "version": 5, "refunds": [returned]}
    over = {**second.data, "version": 6, "status": "CANCELLED"}
    late = {**second.data, "version": 5, "status": "SHIPPED"}
    await loyalty.publish(
        Message(TOPIC, first.key, "mercato.order.refunded.v1", again),
        Message(TOPIC, second.key, "mercato.order.cancelled.v1", over),
        Message(TOPIC, second.key, "mercato.order.shipped.v1", late),
    )
    await loyalty.has(1000, 1)


async def test_what_cannot_be_read_keeps_nobody_from_their_points(loyalty: Loyalty) -> None:
    broken = Message(TOPIC, str(uuid4()), "mercato.order.confirmed.v1", {"id": "none"})
    await loyalty.publish(broken, order_event("confirmed"))
    await loyalty.has(1235, 1)


async def test_nobody_asks_without_a_token_and_it_tells_what_it_is(loyalty: Loyalty) -> None:
    async with loyalty.http.get("/api/v1/loyalty/me", headers={"authorization": ""}) as answer:
        assert answer.status == 401
    async with loyalty.http.get("/openapi.json") as answer:
        assert "/api/v1/loyalty/me" in (await answer.json())["paths"]

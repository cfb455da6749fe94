import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import jwt
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.storage.database import Database
from services.notification.api import routes
from services.notification.settings import NotificationSettings
from tests.support.order_events import order_event
from tests.support.serving import served

if TYPE_CHECKING:
    from tests.integration.notification.conftest import Deliver


@pytest.fixture
async def http(database: Database, settings: NotificationSettings) -> AsyncIterator[aiohttp.ClientSession]:
    """A client who is customer-1."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = orjson.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [{**public, "kid": "test", "alg": "ES256"}]})

    issuer = web.Application()
    issuer.router.add_get("/jwks.json", keys)
    runner = web.AppRunner(issuer, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings.__dict__["jwks_url"] = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    claims = {"sub": "customer-1", "iss": settings.issuer, "aud": "mercato", "exp": time.time() + 300}
    headers = {"authorization": f"Bearer {jwt.encode(claims, key, 'ES256', {'kid': 'test'})}"}
    tokens = Tokens(settings)
    app = application(settings, routes=routes(database, tokens), resources=[tokens])
    async with served(app) as base, aiohttp.ClientSession(base, headers=headers) as session:
        yield session
    await runner.cleanup()


async def _page(http: aiohttp.ClientSession, **query: str) -> dict[str, Any]:
    async with http.get("/api/v1/notifications", params=query) as answer:
        assert answer.status == 200
        page: dict[str, Any] = await answer.json()
        return page


async def test_a_customer_reads_own_messages_and_nobody_elses(http: aiohttp.ClientSession, deliver: "Deliver") -> None:
    event = order_event("confirmed")
    await deliver(event, order_event("confirmed", customer_id="customer-2"))
    page = await _page(http)
    assert page["next_cursor"] is None
    [item] = page["items"]
    assert set(item) == {"id", "order_id", "kind", "subject", "body", "sent_at"}
    assert (item["order_id"], item["kind"], item["sent_at"]) == (event.key, "order_confirmed", None)
    assert "Kettle" in item["body"]


async def test_pages_go_from_the_newest_to_the_oldest_without_gap_or_repeat(
    http: aiohttp.ClientSession, deliver: "Deliver"
) -> None:
    events = [order_event("confirmed") for _ in range(5)]
    for event in events:
        await deliver(event)
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        page = await _page(http, **query)
        seen += [item["order_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
        await deliver(order_event("confirmed"))  # what comes meanwhile is not on later pages
    assert seen == [event.key for event in reversed(events)]


async def test_without_a_token_or_with_a_foreign_cursor_nothing_is_listed(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v1/notifications", headers={"authorization": ""}) as answer:
        assert answer.status == 401
    for query in ({"cursor": "nonsense"}, {"cursor": "bm9uc2Vuc2U"}, {"limit": "0"}, {"limit": "101"}):
        async with http.get("/api/v1/notifications", params=query) as answer:
            assert answer.status == 422

"""Webhooks are signed, retried, and can be turned off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import psycopg
import stripe
from aiohttp import web

from tests.contract.payment import parts
from tests.integration.simulator.calls import INTENTS, authorization, post
from tryout.simulator.objects import API_VERSION

HEADERS = {"authorization": f"Bearer {parts.API_KEY}"}


class Receiver:
    """Takes webhooks, refusing the first `refusals`."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.types: asyncio.Queue[str] = asyncio.Queue()

    async def receive(self, request: web.Request) -> web.Response:
        payload = await request.text()
        event = stripe.Webhook.construct_event(payload, request.headers["stripe-signature"], parts.WEBHOOK_SECRET, 60)
        assert event.api_version == API_VERSION
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        self.types.put_nowait(orjson.loads(payload)["type"])
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/hook", self.receive)
        runner = web.AppRunner(app, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        finally:
            await runner.cleanup()


async def test_every_change_is_told_with_a_signature_and_again_after_a_refusal(ledger_url: str) -> None:
    receiver = Receiver(refusals=1)
    async with (
        receiver.listening() as hook,
        parts.simulator(ledger_url, webhook_url=hook) as base,
        aiohttp.ClientSession(base, headers=HEADERS) as api,
    ):
        _, intent = await post(api, INTENTS, authorization("pm_card_visa"))
        await post(api, f"{INTENTS}/{intent['id']}/capture")
        await post(api, "/v1/refunds", {"payment_intent": intent["id"]})
        await post(api, INTENTS, authorization("pm_card_visa_chargeDeclined"))
        _, voided = await post(api, INTENTS, authorization("pm_card_visa"))
        await post(api, f"{INTENTS}/{voided['id']}/cancel")
        async with asyncio.timeout(15):
            told = sorted([await receiver.types.get() for _ in range(6)])
    assert told == [
        "charge.refunded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    ]


async def test_an_undeliverable_webhook_is_given_up_and_the_api_does_not_wait(ledger_url: str) -> None:
    async with (
        parts.simulator(ledger_url, webhook_url="http://127.0.0.1:9/hook", webhook_attempts=1) as base,
        aiohttp.ClientSession(base, headers=HEADERS) as api,
    ):
        assert (await post(api, INTENTS, authorization("pm_card_visa")))[0] == 200
        await parts.until(lambda: not _due(ledger_url))


async def test_no_webhook_is_kept_when_they_are_off(ledger_url: str) -> None:
    async with (
        parts.simulator(ledger_url, webhook_url="http://127.0.0.1:9/hook", webhooks=False) as base,
        aiohttp.ClientSession(base, headers=HEADERS) as api,
    ):
        await post(api, INTENTS, authorization("pm_card_visa"))
    with psycopg.connect(ledger_url) as connection:
        assert connection.execute("SELECT FROM event").rowcount == 0


def _due(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT FROM event WHERE due_at IS NOT NULL").rowcount

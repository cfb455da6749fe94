"""Webhooks speed a look-up up and never decide."""

import time
from typing import Any
from uuid import UUID

import aiohttp
import orjson

from services.payment.hints import WAITING
from tests.contract.payment import parts
from tests.contract.payment.parts import until
from tests.integration.payment.service import Start, authorize
from tests.support.serving import served
from tryout.simulator.webhooks import signature

PATH = "/api/v1/payments/webhooks/stripe"


def event(order_id: str) -> bytes:
    intent = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "metadata": {"order_id": order_id}}
    return orjson.dumps(
        {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": intent}}
    )


async def post(base: str, payload: bytes, header: str) -> tuple[int, dict[str, Any]]:
    headers = {"stripe-signature": header}
    async with aiohttp.ClientSession(base) as session, session.post(PATH, data=payload, headers=headers) as response:
        return response.status, await response.json(content_type=None)


def signed(payload: bytes, at: float | None = None) -> str:
    return signature(parts.WEBHOOK_SECRET, payload, int(time.time() if at is None else at))


async def test_an_unsigned_or_altered_webhook_is_refused_with_the_remedy(start: Start) -> None:
    service = await start()
    payload = event("0198c0de-0000-7000-8000-000000000001")
    async with served(service.application()) as base:
        for header in ("", "nonsense", signed(payload + b" "), signed(payload, time.time() - 3600)):
            status, problem = await post(base, payload, header)
            assert status == 400, header
            assert "secret" in problem["detail"]


async def test_a_signed_webhook_of_an_unknown_order_is_taken(start: Start) -> None:
    service = await start()
    async with served(service.application()) as base:
        for payload in (event("0198c0de-0000-7000-8000-000000000001"), event("not-an-order"), b"{}", b"[]"):
            assert (await post(base, payload, signed(payload)))[0] == 200


async def test_a_signed_webhook_brings_the_look_up_forward_but_does_not_decide(start: Start) -> None:
    service = await start(backoff_first_seconds=60.0, backoff_longest_seconds=60.0)
    command = authorize("pm_card_simulate_timeout")
    order_id = UUID(command.key)
    await service.send(command)
    await until(lambda: service.row(order_id)["status"] == "unanswered" and service.row(order_id)["claim"] is None)
    async with served(service.application()) as base:
        payload = event(command.key)
        assert (await post(base, payload, signed(payload)))[0] == 200
        await until(lambda: service.row(order_id)["status"] == "processing")
    assert service.replies(order_id) == []


async def test_a_webhook_that_tells_what_the_answer_told_asks_nothing(start: Start) -> None:
    service = await start()
    command = authorize()
    order_id = UUID(command.key)
    await service.send(command)
    await until(lambda: bool(service.replies(order_id)))
    intent = {"id": "pi_1", "status": "requires_capture", "metadata": {"order_id": command.key}}
    payload = orjson.dumps({"type": "payment_intent.amount_capturable_updated", "data": {"object": intent}})
    async with served(service.application()) as base:
        assert (await post(base, payload, signed(payload)))[0] == 200
        assert service.hints.waiting == 0
        news = event(command.key)
        assert (await post(base, news, signed(news)))[0] == 200
        assert service.hints.waiting == 1


async def test_many_webhooks_share_a_statement_and_too_many_are_left_to_their_due_times(start: Start) -> None:
    service = await start(backoff_first_seconds=60.0, backoff_longest_seconds=60.0)
    commands = [authorize("pm_card_simulate_timeout") for _ in range(20)]
    await service.send(*commands)
    orders = [UUID(command.key) for command in commands]
    await until(lambda: all(service.row(one)["claim"] is None and service.row(one)["due_at"] for one in orders))
    for number in range(WAITING + 10 - len(orders)):
        service.hints.take(UUID(int=number))
    for order_id in orders:
        service.hints.take(order_id)
    assert service.hints.waiting == WAITING
    await until(lambda: service.hints.waiting == 0)
    assert [service.row(one)["status"] for one in orders[-10:]] == ["unanswered"] * 10
    await until(lambda: all(service.row(one)["status"] == "processing" for one in orders[:10]))

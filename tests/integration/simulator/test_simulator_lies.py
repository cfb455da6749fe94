"""The simulator lies as a real provider can: once about each call of an order, and its ledger knows better."""

import asyncio

import aiohttp
import psycopg
import pytest

from tests.contract.payment.parts import until
from tests.integration.simulator.calls import INTENTS, creation, get, post
from tryout.simulator.lies import CALLS, Lie, token

BEFORE = {"create": [], "confirm": [], "capture": ["confirm"], "cancel": ["confirm"], "refund": ["confirm", "capture"]}
ENTRY = {"create": None, "confirm": "authorize", "capture": "capture", "cancel": "void", "refund": "refund"}


async def reached(api: aiohttp.ClientSession, method: str, call: str) -> tuple[str, dict[str, str]]:
    """Path and form of the call, with all before it done."""
    if call == "create":
        return INTENTS, creation(method)
    _, intent = await post(api, INTENTS, creation(method))
    for step in BEFORE[call]:
        assert (await post(api, f"{INTENTS}/{intent['id']}/{step}"))[0] == 200
    if call == "refund":
        return "/v1/refunds", {"payment_intent": intent["id"]}
    return f"{INTENTS}/{intent['id']}/{call}", {}


def count(url: str, call: str) -> int:
    query = "SELECT FROM payment_intent" if call == "create" else "SELECT FROM entry WHERE kind = %s"
    with psycopg.connect(url) as connection:
        return connection.execute(query, (ENTRY[call],) if ENTRY[call] else None).rowcount


@pytest.mark.parametrize("call", CALLS)
async def test_an_error_hides_an_effect_and_is_kept_under_its_key(
    stripe_api: aiohttp.ClientSession, ledger_url: str, call: str
) -> None:
    path, form = await reached(stripe_api, token(Lie.FAILED, call), call)
    for _ in range(2):
        status, body = await post(stripe_api, path, form, "key")
        assert (status, body["error"]["type"]) == (500, "api_error")
        assert count(ledger_url, call) == 1


@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_is_lost_and_given_when_asked_again(
    stripe_api: aiohttp.ClientSession, ledger_url: str, call: str
) -> None:
    path, form = await reached(stripe_api, token(Lie.LOST, call), call)
    with pytest.raises(aiohttp.ClientPayloadError):
        await post(stripe_api, path, form, "key")
    assert count(ledger_url, call) == 1
    assert (await post(stripe_api, path, form, "key"))[0] == 200
    assert count(ledger_url, call) == 1


@pytest.mark.parametrize("call", CALLS)
async def test_a_late_call_arrives_after_its_client_has_given_up(
    stripe_api: aiohttp.ClientSession, ledger_url: str, call: str
) -> None:
    path, form = await reached(stripe_api, token(Lie.LATE, call), call)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await post(stripe_api, path, form, "key")
    assert count(ledger_url, call) == 0
    await until(lambda: count(ledger_url, call) == 1)
    assert (await post(stripe_api, path, form, "key"))[0] == 200
    assert count(ledger_url, call) == 1


async def test_a_late_confirm_after_a_cancel_holds_nothing(stripe_api: aiohttp.ClientSession, ledger_url: str) -> None:
    path, _ = await reached(stripe_api, token(Lie.LATE, "confirm"), "confirm")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await post(stripe_api, path, key="late")
    assert (await post(stripe_api, path.replace("/confirm", "/cancel")))[0] == 200

    def refused() -> bool:
        with psycopg.connect(ledger_url) as connection:
            return connection.execute("SELECT FROM idempotency_key WHERE key = 'late' AND status = 400").rowcount == 1

    await until(refused)
    assert count(ledger_url, "confirm") == 0


async def test_confirming_at_once_is_lied_to_as_a_confirm(stripe_api: aiohttp.ClientSession, ledger_url: str) -> None:
    form = {**creation(token(Lie.FAILED, "confirm")), "confirm": "true"}
    assert (await post(stripe_api, INTENTS, form))[0] == 500
    _, listed = await get(stripe_api, INTENTS)
    assert [intent["status"] for intent in listed["data"]] == ["requires_capture"]
    assert count(ledger_url, "confirm") == 1


async def test_each_order_is_lied_to_once_about_a_call(stripe_api: aiohttp.ClientSession) -> None:
    form = creation(token(Lie.FAILED, "create"))
    statuses = [(await post(stripe_api, INTENTS, form))[0] for _ in range(2)]
    other = (await post(stripe_api, INTENTS, creation(token(Lie.FAILED, "create"), "order-2")))[0]
    assert (statuses, other) == ([500, 200], 500)

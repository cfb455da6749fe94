"""Creating holds nothing; confirming holds once, whatever is sent again."""

import asyncio

import aiohttp
import psycopg
import pytest

from tests.contract.payment import parts
from tests.integration.simulator.calls import INTENTS, creation, get, post


def entries(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM entry ORDER BY id").fetchall()]


async def created(api: aiohttp.ClientSession, method: str = "pm_card_visa") -> str:
    status, intent = await post(api, INTENTS, creation(method))
    assert (status, intent["status"], intent["amount_capturable"]) == (200, "requires_confirmation", 0)
    return str(intent["id"])


async def test_a_created_intent_holds_nothing_until_it_is_confirmed(
    stripe_api: aiohttp.ClientSession, ledger_url: str
) -> None:
    identity = await created(stripe_api)
    assert entries(ledger_url) == []
    status, intent = await post(stripe_api, f"{INTENTS}/{identity}/confirm")
    assert (status, intent["status"], intent["amount_capturable"]) == (200, "requires_capture", 700)
    assert entries(ledger_url) == ["authorize"]


async def test_without_a_payment_method_it_waits_for_one(stripe_api: aiohttp.ClientSession) -> None:
    form = creation("pm_card_visa")
    del form["payment_method"]
    _, intent = await post(stripe_api, INTENTS, form)
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    path = f"{INTENTS}/{intent['id']}/confirm"
    status, body = await post(stripe_api, path)
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")
    status, body = await post(stripe_api, path, {"payment_method": "pm_unheard_of"})
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", "payment_method")
    status, intent = await post(stripe_api, path, {"payment_method": "pm_card_visa"})
    assert (status, intent["status"]) == (200, "requires_capture")


async def test_many_confirms_under_many_keys_hold_once(stripe_api: aiohttp.ClientSession, ledger_url: str) -> None:
    identity = await created(stripe_api)
    results = await asyncio.gather(*(post(stripe_api, f"{INTENTS}/{identity}/confirm") for _ in range(10)))
    assert sorted(status for status, _ in results) == [200, *[400] * 9]
    refused = [body["error"] for status, body in results if status == 400]
    assert {error["payment_intent"]["status"] for error in refused} == {"requires_capture"}
    assert entries(ledger_url) == ["authorize"]


async def test_confirms_and_cancels_at_once_leave_no_hold(stripe_api: aiohttp.ClientSession, ledger_url: str) -> None:
    identity = await created(stripe_api)
    actions = ("confirm", "cancel") * 5
    await asyncio.gather(*(post(stripe_api, f"{INTENTS}/{identity}/{action}") for action in actions))
    _, intent = await get(stripe_api, f"{INTENTS}/{identity}")
    assert intent["status"] == "canceled"
    assert entries(ledger_url) in ([], ["authorize", "void"])
    status, body = await post(stripe_api, f"{INTENTS}/{identity}/confirm")
    assert (status, body["error"]["payment_intent"]["status"]) == (400, "canceled")


async def test_a_declined_confirm_keeps_its_reason_and_takes_another_card(stripe_api: aiohttp.ClientSession) -> None:
    identity = await created(stripe_api, "pm_card_visa_chargeDeclinedInsufficientFunds")
    status, body = await post(stripe_api, f"{INTENTS}/{identity}/confirm", key="first")
    assert (status, body["error"]["decline_code"]) == (402, "insufficient_funds")
    _, intent = await get(stripe_api, f"{INTENTS}/{identity}")
    assert (intent["status"], intent["last_payment_error"]["decline_code"]) == (
        "requires_payment_method",
        "insufficient_funds",
    )
    assert intent["payment_method"] is None
    again = await post(stripe_api, f"{INTENTS}/{identity}/confirm", key="first")
    assert again == (status, body)
    status, intent = await post(stripe_api, f"{INTENTS}/{identity}/confirm", {"payment_method": "pm_card_visa"})
    assert (status, intent["status"], intent["last_payment_error"]) == (200, "requires_capture", None)


async def test_an_authentication_leaves_an_action_or_an_error(stripe_api: aiohttp.ClientSession) -> None:
    token = "pm_card_authenticationRequired"
    _, intent = await post(stripe_api, f"{INTENTS}/{await created(stripe_api, token)}/confirm")
    assert (intent["status"], intent["next_action"]["type"]) == ("requires_action", "use_stripe_sdk")
    path = f"{INTENTS}/{await created(stripe_api, token)}/confirm"
    status, body = await post(stripe_api, path, {"error_on_requires_action": "true"})
    assert (status, body["error"]["code"]) == (402, "authentication_required")


async def test_a_flaky_card_fails_the_first_two_confirms_of_an_order(
    stripe_api: aiohttp.ClientSession, ledger_url: str
) -> None:
    first, second = [await created(stripe_api, "pm_card_simulate_flaky") for _ in range(2)]
    statuses = [
        (await post(stripe_api, f"{INTENTS}/{identity}/confirm", key=key))[0]
        for identity, key in [(first, "1"), (first, "1"), (second, "2"), (second, "3")]
    ]
    assert statuses == [500, 500, 500, 200]
    assert entries(ledger_url) == ["authorize"]


async def test_a_cancellation_tells_when_and_why(stripe_api: aiohttp.ClientSession) -> None:
    identity = await created(stripe_api)
    for reason in ("tired", "", "automatic"):
        status, body = await post(stripe_api, f"{INTENTS}/{identity}/cancel", {"cancellation_reason": reason})
        assert (status, body["error"]["param"]) == (400, "cancellation_reason")
    status, intent = await post(stripe_api, f"{INTENTS}/{identity}/cancel", {"cancellation_reason": "abandoned"})
    assert (status, intent["status"], intent["cancellation_reason"]) == (200, "canceled", "abandoned")
    assert intent["canceled_at"] >= intent["created"]


@pytest.mark.parametrize("currency", ["isk", "ugx"])
async def test_parts_of_a_unit_are_not_held_nor_given_back(stripe_api: aiohttp.ClientSession, currency: str) -> None:
    status, body = await post(stripe_api, INTENTS, creation("pm_card_visa", currency=currency, amount="550"))
    assert (status, body["error"]["code"]) == (400, "invalid_charge_amount_no_decimal_compatible")
    _, intent = await post(stripe_api, INTENTS, creation("pm_card_visa", currency=currency, amount="50000"))
    await post(stripe_api, f"{INTENTS}/{intent['id']}/confirm")
    status, _ = await post(stripe_api, f"{INTENTS}/{intent['id']}/capture", {"amount_to_capture": "550"})
    assert status == 400
    await post(stripe_api, f"{INTENTS}/{intent['id']}/capture")
    status, body = await post(stripe_api, "/v1/refunds", {"payment_intent": intent["id"], "amount": "550"})
    assert (status, body["error"]["code"]) == (400, "invalid_charge_amount_no_decimal_compatible")


async def test_what_another_process_has_cancelled_is_not_confirmed_from_memory(ledger_url: str) -> None:
    headers = {"authorization": f"Bearer {parts.API_KEY}"}
    async with (
        parts.simulator(ledger_url) as base,
        parts.simulator(ledger_url) as other,
        aiohttp.ClientSession(base, headers=headers) as api,
        aiohttp.ClientSession(other, headers=headers) as elsewhere,
    ):
        _, intent = await post(api, INTENTS, creation("pm_card_visa"))
        assert (await post(elsewhere, f"{INTENTS}/{intent['id']}/cancel"))[0] == 200
        status, refusal = await post(api, f"{INTENTS}/{intent['id']}/confirm")
        assert (status, refusal["error"]["code"]) == (400, "payment_intent_unexpected_state")
        assert refusal["error"]["payment_intent"]["status"] == "canceled"


async def test_an_answer_can_be_delayed_once_its_call_is_booked(ledger_url: str) -> None:
    headers = {"authorization": f"Bearer {parts.API_KEY}"}
    async with (
        parts.simulator(ledger_url, answer_delay_seconds=30.0) as base,
        aiohttp.ClientSession(base, headers=headers) as api,
    ):
        waiting = asyncio.create_task(post(api, INTENTS, creation("pm_card_visa", "order-slow")))
        await parts.until(lambda: _booked(ledger_url, "order-slow"))
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


def _booked(url: str, order_id: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT FROM payment_intent WHERE order_id = %s", (order_id,)).rowcount == 1

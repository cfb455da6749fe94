"""The simulator's side of Stripe's promises: keys, errors, and a ledger that cannot be wrong."""

import asyncio

import aiohttp
import psycopg
import pytest

from tests.contract.payment import parts
from tests.integration.simulator.calls import INTENTS, authorization, get, post


async def held(api: aiohttp.ClientSession) -> str:
    status, intent = await post(api, INTENTS, authorization("pm_card_visa"))
    assert (status, intent["status"], intent["amount_capturable"]) == (200, "requires_capture", 700)
    return str(intent["id"])


async def test_a_wrong_key_is_refused(stripe_api: aiohttp.ClientSession) -> None:
    async with stripe_api.get(INTENTS, headers={"authorization": "Bearer sk_test_wrong"}) as response:
        assert response.status == 401
        assert (await response.json())["error"]["type"] == "invalid_request_error"


async def test_twenty_calls_with_one_key_book_once(stripe_api: aiohttp.ClientSession, ledger_url: str) -> None:
    form = authorization("pm_card_visa")
    results = await asyncio.gather(*(post(stripe_api, INTENTS, form, "one-key") for _ in range(20)))
    assert {status for status, _ in results} <= {200, 409}
    assert len({body["id"] for status, body in results if status == 200}) == 1
    assert all(body["error"]["code"] == "idempotency_key_in_use" for status, body in results if status == 409)
    with psycopg.connect(ledger_url) as connection:
        assert connection.execute("SELECT kind, amount FROM entry").fetchall() == [("authorize", 700)]


async def test_a_key_with_other_parameters_is_refused(stripe_api: aiohttp.ClientSession) -> None:
    await post(stripe_api, INTENTS, authorization("pm_card_visa"), "key")
    status, body = await post(stripe_api, INTENTS, authorization("pm_card_visa", amount="701"), "key")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")


async def test_a_key_replays_its_first_result_also_when_the_state_has_moved_on(
    stripe_api: aiohttp.ClientSession,
) -> None:
    first = await post(stripe_api, INTENTS, authorization("pm_card_visa"), "key")
    await post(stripe_api, f"{INTENTS}/{first[1]['id']}/capture")
    assert await post(stripe_api, INTENTS, authorization("pm_card_visa"), "key") == first


async def test_a_refusal_is_kept_under_its_key_with_the_state_it_found(stripe_api: aiohttp.ClientSession) -> None:
    identity = await held(stripe_api)
    await post(stripe_api, f"{INTENTS}/{identity}/cancel")
    first = await post(stripe_api, f"{INTENTS}/{identity}/capture", key="key")
    assert first[0] == 400
    assert first[1]["error"]["payment_intent"]["status"] == "canceled"
    assert await post(stripe_api, f"{INTENTS}/{identity}/capture", key="key") == first


async def test_captures_and_cancels_at_once_have_one_winner(stripe_api: aiohttp.ClientSession, ledger_url: str) -> None:
    identity = await held(stripe_api)
    paths = [f"{INTENTS}/{identity}/{action}" for action in ("capture", "cancel") * 5]
    results = await asyncio.gather(*(post(stripe_api, path) for path in paths))
    assert sorted(status for status, _ in results) == [200, *[400] * 9]
    with psycopg.connect(ledger_url) as connection:
        assert len(connection.execute("SELECT FROM entry WHERE kind <> 'authorize'").fetchall()) == 1


async def test_refunds_never_exceed_what_was_captured(stripe_api: aiohttp.ClientSession) -> None:
    identity = await held(stripe_api)
    await post(stripe_api, f"{INTENTS}/{identity}/capture")
    form = {"payment_intent": identity, "amount": "300"}
    results = await asyncio.gather(*(post(stripe_api, "/v1/refunds", form) for _ in range(5)))
    assert sorted(status for status, _ in results) == [200, 200, 400, 400, 400]
    _, listed = await get(stripe_api, "/v1/refunds", payment_intent=identity)
    assert [refund["amount"] for refund in listed["data"]] == [300, 300]
    assert (await get(stripe_api, f"/v1/refunds/{listed['data'][0]['id']}"))[0] == 200
    status, rest = await post(stripe_api, "/v1/refunds", {"payment_intent": identity})
    assert (status, rest["amount"]) == (200, 100)
    _, error = await post(stripe_api, "/v1/refunds", {"payment_intent": identity})
    assert error["error"]["code"] == "charge_already_refunded"
    _, intent = await get(stripe_api, f"{INTENTS}/{identity}", **{"expand[]": "latest_charge"})
    assert intent["latest_charge"]["amount_refunded"] == 700


async def test_without_a_flag_an_authentication_leaves_an_action(stripe_api: aiohttp.ClientSession) -> None:
    _, intent = await post(stripe_api, INTENTS, authorization("pm_card_authenticationRequired"))
    assert intent["status"] == "requires_action"


async def test_intents_are_listed_newest_first_by_pages_and_by_time(stripe_api: aiohttp.ClientSession) -> None:
    identities = [await held(stripe_api) for _ in range(3)]
    _, first = await get(stripe_api, INTENTS, limit="2")
    assert first["has_more"]
    _, rest = await get(stripe_api, INTENTS, limit="2", starting_after=first["data"][-1]["id"])
    assert [intent["id"] for intent in first["data"] + rest["data"]] == identities[::-1]
    assert not rest["has_more"]
    _, back = await get(stripe_api, INTENTS, limit="1", ending_before=identities[0])
    assert ([intent["id"] for intent in back["data"]], back["has_more"]) == ([identities[1]], True)
    created = str(first["data"][0]["created"])
    _, now = await get(stripe_api, INTENTS, **{"created[gte]": created, "created[lte]": created})
    assert identities[2] in [intent["id"] for intent in now["data"]]
    _, later = await get(stripe_api, INTENTS, **{"created[gt]": str(int(created) + 5)})
    assert later["data"] == []


async def test_the_search_lags_behind_and_the_list_does_not(ledger_url: str) -> None:
    headers = {"authorization": f"Bearer {parts.API_KEY}"}
    query = "metadata['order_id']:'order-1'"
    async with parts.simulator(ledger_url) as base, aiohttp.ClientSession(base, headers=headers) as api:
        identity = await held(api)
        _, found = await get(api, INTENTS + "/search", query=query)
        assert (found["object"], found["data"]) == ("search_result", [])
        _, listed = await get(api, INTENTS)
        assert [intent["id"] for intent in listed["data"]] == [identity]
    async with (
        parts.simulator(ledger_url, search_lag_seconds=0) as base,
        aiohttp.ClientSession(base, headers=headers) as api,
    ):
        _, found = await get(api, INTENTS + "/search", query=query)
        assert [intent["status"] for intent in found["data"]] == ["requires_capture"]


async def test_the_search_shows_an_intent_as_it_was(ledger_url: str) -> None:
    headers = {"authorization": f"Bearer {parts.API_KEY}"}
    async with (
        parts.simulator(ledger_url, search_lag_seconds=1800) as base,
        aiohttp.ClientSession(base, headers=headers) as api,
    ):
        identity = await held(api)
        await post(api, f"{INTENTS}/{identity}/capture")
        with psycopg.connect(ledger_url) as connection:  # the hour in which the index hears of it
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE payment_intent SET created_at = now() - interval '1 h'")
            connection.execute("UPDATE entry SET at = now() - interval '1 h' WHERE kind = 'authorize'")
        _, found = await get(api, INTENTS + "/search", query="metadata['order_id']:'order-1'")
        [stale] = found["data"]
        assert (stale["status"], stale["amount_capturable"], stale["amount_received"]) == ("requires_capture", 700, 0)


@pytest.mark.parametrize("path", [INTENTS + "/pi_unknown", "/v1/refunds/re_unknown"])
async def test_what_is_not_there_is_missing(stripe_api: aiohttp.ClientSession, path: str) -> None:
    status, body = await get(stripe_api, path)
    assert (status, body["error"]["code"]) == (404, "resource_missing")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"currency": "e1"},
        {"confirm": "maybe"},
        {"capture_method": "automatic"},
        {"payment_method": ""},
        {"amount": "x"},
    ],
)
async def test_an_unusable_authorization_is_refused(stripe_api: aiohttp.ClientSession, changes: dict[str, str]) -> None:
    status, body = await post(stripe_api, INTENTS, authorization("pm_card_visa", **changes))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("statement", ["UPDATE entry SET amount = 1", "DELETE FROM entry", "TRUNCATE entry"])
async def test_the_ledger_is_append_only(stripe_api: aiohttp.ClientSession, ledger_url: str, statement: str) -> None:
    await held(stripe_api)
    with psycopg.connect(ledger_url) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(statement)


@pytest.mark.parametrize(
    "change", ["amount_received = 701, amount_capturable = 0", "amount_refunded = 1", "amount_received = 1"]
)
async def test_the_database_refuses_more_than_was_authorized_or_captured(
    stripe_api: aiohttp.ClientSession, ledger_url: str, change: str
) -> None:
    await held(stripe_api)
    with psycopg.connect(ledger_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"UPDATE payment_intent SET {change}")


async def test_a_hanging_authorization_outlives_a_restart_as_processing(ledger_url: str) -> None:
    form = authorization("pm_card_simulate_timeout")
    headers = {"authorization": f"Bearer {parts.API_KEY}", "idempotency-key": "key"}
    async with parts.simulator(ledger_url) as base, aiohttp.ClientSession(base, headers=headers) as api:
        with pytest.raises(TimeoutError):
            await api.post(INTENTS, data=form, timeout=aiohttp.ClientTimeout(total=0.3))
    async with parts.simulator(ledger_url) as base, aiohttp.ClientSession(base, headers=headers) as api:
        async with api.post(INTENTS, data=form) as again:
            assert again.status == 409
        _, found = await get(api, INTENTS)
        assert [intent["status"] for intent in found["data"]] == ["processing"]

"""The simulator answers as Stripe does where its library, or a person with curl, looks."""

import aiohttp
import pytest
import stripe

from tests.contract.payment import parts
from tests.integration.simulator.calls import INTENTS, authorization, creation, exchange, get, post


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/x"),
        ("POST", "/v1/charges"),
        ("DELETE", INTENTS),
        ("PUT", INTENTS + "/pi_1"),
        ("GET", INTENTS + "/pi_1/confirm"),
        ("POST", INTENTS + "/pi_1/unheard_of"),
        ("GET", "/v2/core"),
        ("GET", "/"),
    ],
)
async def test_what_stripe_does_not_have_is_refused_in_its_way(
    stripe_api: aiohttp.ClientSession, method: str, path: str
) -> None:
    status, body, headers = await exchange(stripe_api, method, path)
    assert status == 404
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path}).")
    assert headers["request-id"].startswith("req_")


async def test_a_missing_and_a_wrong_key_are_told_apart(stripe_api: aiohttp.ClientSession) -> None:
    for header, text in (("", "You did not provide an API key"), ("Bearer sk_test_wrong_wrong_1234", "sk_test_***")):
        status, body, headers = await exchange(stripe_api, "GET", INTENTS, headers={"authorization": header})
        assert (status, body["error"]["type"]) == (401, "invalid_request_error")
        assert text in body["error"]["message"]
        assert "wrong" not in body["error"]["message"]
        assert headers["www-authenticate"].startswith("Basic")


async def test_the_key_may_come_as_a_user_as_curl_sends_it(stripe_api: aiohttp.ClientSession) -> None:
    header = aiohttp.encode_basic_auth(parts.API_KEY, "")
    assert (await exchange(stripe_api, "GET", INTENTS, headers={"authorization": header}))[0] == 200


async def test_unknown_parameters_are_refused_by_name_and_book_nothing(stripe_api: aiohttp.ClientSession) -> None:
    for name in ("amuont", "metadata[a][b]", "automatic_payment_methods[on]"):
        status, body = await post(stripe_api, INTENTS, creation("pm_card_visa", **{name: "1"}))
        assert (status, body["error"]["code"], body["error"]["param"]) == (400, "parameter_unknown", name)
    status, body = await get(stripe_api, INTENTS, colour="red")
    assert (status, body["error"]["message"]) == (400, "Received unknown parameter: colour")
    assert (await get(stripe_api, INTENTS))[1]["data"] == []


async def test_a_replay_says_so_and_names_the_first_request(stripe_api: aiohttp.ClientSession) -> None:
    asked = {"data": creation("pm_card_visa"), "headers": {"idempotency-key": "one"}}
    _, first, headers = await exchange(stripe_api, "POST", INTENTS, **asked)
    assert "idempotent-replayed" not in headers
    assert headers["original-request"] == headers["request-id"]
    _, again, replayed = await exchange(stripe_api, "POST", INTENTS, **asked)
    assert again == first
    assert replayed["idempotent-replayed"] == "true"
    assert replayed["idempotency-key"] == "one"
    assert replayed["original-request"] == headers["request-id"] != replayed["request-id"]


async def test_a_kept_refusal_is_a_replay_too(stripe_api: aiohttp.ClientSession) -> None:
    asked = {"data": authorization("pm_card_visa_chargeDeclined"), "headers": {"idempotency-key": "one"}}
    assert (await exchange(stripe_api, "POST", INTENTS, **asked))[0] == 402
    status, _, headers = await exchange(stripe_api, "POST", INTENTS, **asked)
    assert (status, headers["idempotent-replayed"]) == (402, "true")


@pytest.mark.parametrize(
    ("path", "wanted", "whole"),
    [
        (INTENTS + "/{id}", "latest_charge", "charge"),
        (INTENTS + "/{id}", "payment_method", "payment_method"),
    ],
)
async def test_parts_are_shown_whole_when_asked_for(
    stripe_api: aiohttp.ClientSession, path: str, wanted: str, whole: str
) -> None:
    _, intent = await post(stripe_api, INTENTS, authorization("pm_card_visa"))
    assert isinstance(intent[wanted], str)
    _, expanded = await get(stripe_api, path.format(id=intent["id"]), **{"expand[]": wanted})
    assert (expanded[wanted]["object"], expanded[wanted]["id"]) == (whole, intent[wanted])
    _, listed = await get(stripe_api, INTENTS, **{"expand[]": f"data.{wanted}"})
    assert listed["data"][0][wanted] == expanded[wanted]
    _, captured = await post(stripe_api, f"{INTENTS}/{intent['id']}/capture", {"expand[]": wanted})
    assert captured[wanted]["object"] == whole
    status, body = await get(stripe_api, path.format(id=intent["id"]), **{"expand[]": "colour"})
    assert (status, "cannot be expanded" in body["error"]["message"]) == (400, True)


async def test_a_refund_shows_its_charge_and_its_payment(stripe_api: aiohttp.ClientSession) -> None:
    _, intent = await post(stripe_api, INTENTS, authorization("pm_card_visa"))
    await post(stripe_api, f"{INTENTS}/{intent['id']}/capture")
    form = {"charge": intent["latest_charge"], "amount": "300", "expand[]": "payment_intent"}
    _, refund = await post(stripe_api, "/v1/refunds", form)
    assert refund["payment_intent"]["id"] == intent["id"]
    _, found = await get(stripe_api, f"/v1/refunds/{refund['id']}", **{"expand[]": "charge"})
    assert (found["charge"]["id"], found["charge"]["amount_refunded"]) == (intent["latest_charge"], 300)
    status, body = await post(stripe_api, "/v1/refunds", {"payment_intent": intent["id"], "reason": "whim"})
    assert (status, body["error"]["param"]) == (400, "reason")


async def test_stripes_own_library_drives_it(stripe_api: aiohttp.ClientSession) -> None:
    async with aiohttp.ClientSession() as session:
        client = stripe.StripeClient(
            parts.API_KEY,
            base_addresses={"api": str(stripe_api._base_url).rstrip("/")},
            http_client=stripe.AIOHTTPClient(session=session),
        )
        intents = client.v1.payment_intents
        intent = await intents.create_async(
            {
                "amount": 700,
                "currency": "eur",
                "capture_method": "manual",
                "payment_method": "pm_card_visa",
                "metadata": {"order_id": "order-1"},
            },
            {"idempotency_key": "library"},
        )
        assert intent.status == "requires_confirmation"
        intent = await intents.confirm_async(intent.id)
        assert intent.last_response is not None
        assert intent.last_response.request_id is not None
        intent = await intents.capture_async(intent.id, {"amount_to_capture": 500, "expand": ["latest_charge"]})
        assert isinstance(intent.latest_charge, stripe.Charge)
        refund = await client.v1.refunds.create_async({"payment_intent": intent.id})
        assert (refund.amount, refund.status) == (500, "succeeded")
        listed = await intents.list_async({"limit": 1, "created": {"gte": intent.created}})
        assert [one.id for one in listed.data] == [intent.id]
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})
        assert refused.value.code == "payment_intent_unexpected_state"

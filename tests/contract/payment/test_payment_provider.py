"""What payment relies on of any provider; the fake and Stripe's library on the simulator pass the same."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.payment import answers
from services.payment.caller import Provider
from services.payment.intents import Call, Operation, Payment

VISA = "pm_card_visa"


def new(token: str = VISA) -> Payment:
    return Payment(uuid4(), "customer-1", 4_200, "EUR", token=token)


async def authorized(provider: Provider) -> Payment:
    payment = new()
    answer = await provider.call(Call(Operation.AUTHORIZE, payment))
    assert isinstance(answer, answers.Authorized)
    return replace(payment, provider_id=answer.provider_id)


async def captured(provider: Provider) -> Payment:
    payment = await authorized(provider)
    answer = await provider.call(Call(Operation.CAPTURE, payment))
    assert isinstance(answer, answers.Captured)
    return replace(payment, captured=answer.captured)


async def look_up(provider: Provider, payment: Payment) -> answers.Answer:
    return await provider.call(Call(Operation.LOOK_UP, payment))


@pytest.mark.parametrize("token", ["pm_card_visa", "pm_card_mastercard"])
async def test_a_good_card_is_authorized(provider: Provider, token: str) -> None:
    answer = await provider.call(Call(Operation.AUTHORIZE, new(token)))
    assert isinstance(answer, answers.Authorized)
    assert answer.provider_id


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_visa_chargeDeclined", "payment_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "payment_declined"),
        ("pm_card_authenticationRequired", "payment_action_required"),
        ("pm_unheard_of", "payment_declined"),
    ],
)
async def test_a_bad_card_is_declined_with_its_reason(provider: Provider, token: str, reason: str) -> None:
    answer = await provider.call(Call(Operation.AUTHORIZE, new(token)))
    assert isinstance(answer, answers.Declined)
    assert answer.reason == reason
    assert token not in answer.detail


async def test_a_declined_card_is_still_declined_when_looked_up(provider: Provider) -> None:
    payment = new("pm_card_visa_chargeDeclined")
    await provider.call(Call(Operation.AUTHORIZE, payment))
    assert isinstance(await look_up(provider, payment), answers.Declined)


async def test_the_same_key_gives_the_first_answer(provider: Provider) -> None:
    call = Call(Operation.AUTHORIZE, new())
    assert await provider.call(call) == await provider.call(call)


async def test_a_capture_takes_the_whole_amount_once(provider: Provider) -> None:
    payment = await authorized(provider)
    call = Call(Operation.CAPTURE, payment)
    first = await provider.call(call)
    assert first == answers.Captured(payment.provider_id, 4_200)
    assert await provider.call(call) == first


async def test_a_second_capture_under_another_key_takes_nothing(provider: Provider) -> None:
    payment = await captured(provider)
    again = await provider.call(Call(Operation.CAPTURE, replace(payment, attempt=2)))
    assert isinstance(again, answers.Unanswered)
    assert await look_up(provider, payment) == answers.Captured(payment.provider_id, 4_200)


async def test_a_void_gives_the_hold_up(provider: Provider) -> None:
    payment = await authorized(provider)
    assert await provider.call(Call(Operation.VOID, payment)) == answers.Voided(payment.provider_id)
    assert await look_up(provider, payment) == answers.Voided(payment.provider_id)


async def test_a_capture_after_a_void_finds_it_voided(provider: Provider) -> None:
    payment = await authorized(provider)
    await provider.call(Call(Operation.VOID, payment))
    assert await provider.call(Call(Operation.CAPTURE, payment)) == answers.Voided(payment.provider_id)


async def test_what_is_captured_cannot_be_voided(provider: Provider) -> None:
    payment = await captured(provider)
    assert isinstance(await provider.call(Call(Operation.VOID, payment)), answers.Rejected)


async def test_a_refund_gives_all_of_it_back_once(provider: Provider) -> None:
    payment = await captured(provider)
    call = Call(Operation.REFUND, payment)
    refunded = answers.Refunded(payment.provider_id, 4_200)
    assert await provider.call(call) == refunded
    assert await provider.call(call) == refunded
    assert isinstance(await provider.call(replace(call, payment=replace(payment, attempt=2))), answers.Rejected)
    assert await look_up(provider, payment) == refunded


async def test_a_payment_is_found_by_its_order(provider: Provider) -> None:
    payment = await authorized(provider)
    assert await look_up(provider, replace(payment, provider_id=None)) == answers.Authorized(payment.provider_id)


async def test_of_an_order_never_seen_nothing_is_found(provider: Provider) -> None:
    assert await look_up(provider, new()) == answers.Absent()


async def test_a_hanging_authorization_is_processing_until_it_is_voided(provider: Provider) -> None:
    payment = new("pm_card_simulate_timeout")
    call = Call(Operation.AUTHORIZE, payment)
    assert isinstance(await provider.call(call), answers.Unanswered)
    assert isinstance(await provider.call(call), answers.Unanswered)
    found = await look_up(provider, payment)
    assert isinstance(found, answers.Processing)
    payment = replace(payment, provider_id=found.provider_id)
    assert await provider.call(Call(Operation.VOID, payment)) == answers.Voided(found.provider_id)
    assert await look_up(provider, payment) == answers.Voided(found.provider_id)


async def test_a_flaky_provider_keeps_its_error_under_the_key_and_books_nothing(provider: Provider) -> None:
    payment = new("pm_card_simulate_flaky")
    for attempt in (1, 2):
        call = Call(Operation.AUTHORIZE, replace(payment, attempt=attempt))
        assert await provider.call(call) == answers.ServerError()
        assert await provider.call(call) == answers.ServerError()
        assert await look_up(provider, payment) == answers.Absent()
    answer = await provider.call(Call(Operation.AUTHORIZE, replace(payment, attempt=3)))
    assert isinstance(answer, answers.Authorized)

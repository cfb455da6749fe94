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


async def created(provider: Provider, token: str = VISA) -> Payment:
    payment = new(token)
    answer = await provider.call(Call(Operation.CREATE, payment))
    assert isinstance(answer, answers.Unconfirmed)
    return replace(payment, provider_id=answer.provider_id)


async def confirmed(provider: Provider, token: str = VISA) -> answers.Answer:
    return await provider.call(Call(Operation.CONFIRM, await created(provider, token)))


async def authorized(provider: Provider) -> Payment:
    payment = await created(provider)
    answer = await provider.call(Call(Operation.CONFIRM, payment))
    assert answer == answers.Authorized(payment.provider_id)
    return payment


async def captured(provider: Provider) -> Payment:
    payment = await authorized(provider)
    answer = await provider.call(Call(Operation.CAPTURE, payment))
    assert isinstance(answer, answers.Captured)
    return replace(payment, captured=answer.captured)


async def look_up(provider: Provider, payment: Payment) -> answers.Answer:
    return await provider.call(Call(Operation.LOOK_UP, payment))


async def test_what_is_created_is_unconfirmed_and_found_by_its_id(provider: Provider) -> None:
    payment = await created(provider)
    assert await look_up(provider, payment) == answers.Unconfirmed(payment.provider_id)


@pytest.mark.parametrize("token", ["pm_card_visa", "pm_card_mastercard"])
async def test_a_good_card_is_authorized(provider: Provider, token: str) -> None:
    assert isinstance(await confirmed(provider, token), answers.Authorized)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_visa_chargeDeclined", "payment_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "payment_declined"),
        ("pm_card_authenticationRequired", "payment_action_required"),
    ],
)
async def test_a_bad_card_is_declined_with_its_reason(provider: Provider, token: str, reason: str) -> None:
    payment = await created(provider, token)
    answer = await provider.call(Call(Operation.CONFIRM, payment))
    assert isinstance(answer, answers.Declined)
    assert answer.reason == reason
    assert token not in answer.detail
    found = await look_up(provider, payment)
    assert isinstance(found, answers.Declined)
    assert (found.provider_id, found.reason) == (payment.provider_id, reason)


async def test_an_unknown_card_is_declined_before_anything_is_created(provider: Provider) -> None:
    answer = await provider.call(Call(Operation.CREATE, new("pm_unheard_of")))
    assert isinstance(answer, answers.Declined)
    assert answer.provider_id is None
    assert "pm_unheard_of" not in answer.detail


@pytest.mark.parametrize("operation", [Operation.CREATE, Operation.CONFIRM])
async def test_the_same_key_gives_the_first_answer(provider: Provider, operation: Operation) -> None:
    call = Call(operation, new() if operation is Operation.CREATE else await created(provider))
    assert await provider.call(call) == await provider.call(call)


async def test_a_second_confirm_under_another_key_finds_it_authorized(provider: Provider) -> None:
    payment = await authorized(provider)
    again = await provider.call(Call(Operation.CONFIRM, replace(payment, attempt=2)))
    assert again == answers.Authorized(payment.provider_id)


async def test_a_confirm_after_a_void_finds_it_voided(provider: Provider) -> None:
    payment = await created(provider)
    assert await provider.call(Call(Operation.VOID, payment)) == answers.Voided(payment.provider_id)
    assert await provider.call(Call(Operation.CONFIRM, payment)) == answers.Voided(payment.provider_id)


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


async def reach(provider: Provider, call: str, lie: str) -> Call:
    """The call that is to be lied to, with everything before it done."""
    payment = new(f"pm_card_simulate_{lie}_{call}")
    for operation, name in (
        (Operation.CREATE, "create"),
        (Operation.CONFIRM, "confirm"),
        (Operation.VOID, "cancel"),
        (Operation.CAPTURE, "capture"),
        (Operation.REFUND, "refund"),
    ):
        if name == call:
            return Call(operation, payment)
        if name == "cancel":
            continue
        answer = await provider.call(Call(operation, payment))
        assert isinstance(answer, answers.Known)
        captured_now = answer.captured if isinstance(answer, answers.Captured) else 0
        payment = replace(payment, provider_id=answer.provider_id, captured=captured_now)
    raise AssertionError(call)


EFFECTS = {
    "confirm": answers.Authorized,
    "capture": answers.Captured,
    "cancel": answers.Voided,
    "refund": answers.Refunded,
}


@pytest.mark.parametrize("name", EFFECTS)
async def test_an_error_may_hide_an_effect_that_only_a_look_up_by_id_tells(provider: Provider, name: str) -> None:
    call = await reach(provider, name, "failed")
    assert await provider.call(call) == answers.ServerError()
    assert await provider.call(call) == answers.ServerError()
    assert isinstance(await look_up(provider, call.payment), EFFECTS[name])


@pytest.mark.parametrize("name", EFFECTS)
async def test_a_lost_answer_is_given_again_under_its_key_and_told_by_a_look_up(provider: Provider, name: str) -> None:
    call = await reach(provider, name, "lost")
    assert isinstance(await provider.call(call), answers.Unanswered)
    assert isinstance(await look_up(provider, call.payment), EFFECTS[name])
    assert isinstance(await provider.call(call), EFFECTS[name])


@pytest.mark.parametrize("name", EFFECTS)
async def test_a_late_call_has_no_effect_yet_and_none_twice(provider: Provider, name: str) -> None:
    call = await reach(provider, name, "late")
    assert isinstance(await provider.call(call), answers.Unanswered)
    assert not isinstance(await look_up(provider, call.payment), EFFECTS[name])
    assert isinstance(await provider.call(call), EFFECTS[name])


async def test_a_lost_create_is_told_by_its_key_and_a_failed_one_never(provider: Provider) -> None:
    lost, failed = await reach(provider, "create", "lost"), await reach(provider, "create", "failed")
    assert isinstance(await provider.call(lost), answers.Unanswered)
    assert isinstance(await provider.call(lost), answers.Unconfirmed)
    assert await provider.call(failed) == answers.ServerError()
    assert await provider.call(failed) == answers.ServerError()
    again = replace(failed.payment, attempt=2)
    assert isinstance(await provider.call(Call(Operation.CREATE, again)), answers.Unconfirmed)


async def test_of_an_order_never_seen_nothing_is_found(provider: Provider) -> None:
    assert await look_up(provider, new()) == answers.Absent()


async def test_a_hanging_authorization_is_processing_until_it_is_voided(provider: Provider) -> None:
    payment = await created(provider, "pm_card_simulate_timeout")
    call = Call(Operation.CONFIRM, payment)
    assert isinstance(await provider.call(call), answers.Unanswered)
    assert isinstance(await provider.call(call), answers.Unanswered)
    assert await look_up(provider, payment) == answers.Processing(payment.provider_id)
    assert await provider.call(Call(Operation.VOID, payment)) == answers.Voided(payment.provider_id)
    assert await look_up(provider, payment) == answers.Voided(payment.provider_id)


async def test_a_flaky_provider_keeps_its_error_under_the_key_and_books_nothing(provider: Provider) -> None:
    payment = await created(provider, "pm_card_simulate_flaky")
    for attempt in (1, 2):
        call = Call(Operation.CONFIRM, replace(payment, attempt=attempt))
        assert await provider.call(call) == answers.ServerError()
        assert await provider.call(call) == answers.ServerError()
        assert await look_up(provider, payment) == answers.Unconfirmed(payment.provider_id)
    answer = await provider.call(Call(Operation.CONFIRM, replace(payment, attempt=3)))
    assert isinstance(answer, answers.Authorized)


# -- the former scheme, whose rows an upgrade finds --


async def test_a_former_call_that_took_effect_is_in_the_list(provider: Provider) -> None:
    payment = new()
    assert await provider.call(Call(Operation.FIND, payment)) == answers.Absent()
    answer = await provider.call(Call(Operation.AUTHORIZE, payment))
    assert isinstance(answer, answers.Authorized)
    assert await provider.call(Call(Operation.AUTHORIZE, payment)) == answer
    assert await provider.call(Call(Operation.FIND, payment)) == answer


async def test_what_is_only_created_was_never_a_former_call(provider: Provider) -> None:
    payment = await created(provider)
    assert await provider.call(Call(Operation.FIND, payment)) == answers.Absent()

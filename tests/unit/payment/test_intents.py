"""The payment's life, case by case."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.payment import answers, intents
from services.payment.intents import Call, Goal, Operation, Payment, Reply, Status

TOKEN = "pm_card_visa"


def new(**changes: object) -> Payment:
    return replace(Payment(uuid4(), "customer-1", 500, "EUR", token=TOKEN), **changes)  # type: ignore[arg-type]


def unconfirmed(**changes: object) -> Payment:
    return new(status=Status.UNCONFIRMED, provider_id="pi_1", **changes)


def held(**changes: object) -> Payment:
    return new(status=Status.AUTHORIZED, provider_id="pi_1", token=None, **changes)


def taken(**changes: object) -> Payment:
    return replace(held(), goal=Goal.CAPTURE, captured=500, status=Status.CAPTURED, **changes)  # type: ignore[arg-type]


def next_operation(payment: Payment) -> Operation | None:
    call = intents.next_call(payment)
    return call.operation if call else None


def answered(payment: Payment, answer: answers.Answer) -> intents.Change:
    call = intents.next_call(payment)
    assert call is not None
    return intents.record(intents.begin(call), call, answer)


def lost(payment: Payment, answer: answers.Answer) -> Payment:
    """After a call that got this answer and no reply was due."""
    after, replies = answered(payment, answer)
    assert replies == []
    return after


def test_a_payment_is_created_before_it_is_confirmed_by_its_id() -> None:
    assert next_operation(new()) is Operation.CREATE
    payment, replies = answered(new(), answers.Unconfirmed("pi_1"))
    assert replies == []
    assert payment.provider_id == "pi_1"
    assert next_operation(payment) is Operation.CONFIRM


def test_an_authorization_is_told_once_and_forgets_the_token() -> None:
    payment, replies = answered(unconfirmed(), answers.Authorized("pi_1"))
    assert replies == [Reply("authorized")]
    assert payment.status is Status.AUTHORIZED
    assert payment.token is None
    assert next_operation(payment) is None


@pytest.mark.parametrize("asked", [new(), unconfirmed()], ids=["created", "confirmed"])
def test_a_decline_is_told_with_its_reason(asked: Payment) -> None:
    payment, replies = answered(asked, answers.Declined("pi_1", "payment_action_required", "detail"))
    assert replies == [Reply("declined", "payment_action_required", "detail")]
    assert payment.token is None


def test_a_duplicate_authorize_changes_nothing() -> None:
    payment = held()
    assert intents.authorize(payment, new()) == (payment, [])


def test_a_tombstone_refuses_the_late_authorize() -> None:
    asked = new()
    tombstone, replies = intents.reverse(None, asked.order_id)
    assert replies == [Reply("reversed", outcome="none")]
    assert intents.authorize(tombstone, asked) == (tombstone, [])
    assert next_operation(tombstone) is None


def test_a_capture_takes_what_is_held() -> None:
    payment, replies = intents.capture(held(), uuid4())
    assert replies == []
    assert next_operation(payment) is Operation.CAPTURE
    payment, replies = answered(payment, answers.Captured("pi_1", 500))
    assert replies == [Reply("captured")]
    assert payment.captured == 500


def test_a_capture_of_nothing_fails_at_once() -> None:
    payment, replies = intents.capture(None, uuid4())
    assert [reply.kind for reply in replies] == ["capture_failed"]
    assert next_operation(payment) is None


def test_a_refused_capture_is_told_and_the_hold_is_given_back() -> None:
    payment, replies = answered(held(goal=Goal.CAPTURE), answers.Rejected("expired"))
    assert replies == [Reply("capture_failed", detail="expired")]
    assert next_operation(payment) is Operation.LOOK_UP
    payment, replies = answered(payment, answers.Authorized("pi_1"))
    assert next_operation(payment) is Operation.VOID
    payment, replies = answered(payment, answers.Voided("pi_1"))
    assert replies == []
    assert intents.reverse(payment, payment.order_id)[1] == [Reply("reversed", outcome="voided")]


def test_a_refused_capture_that_was_taken_after_all_is_refunded() -> None:
    payment, _ = answered(held(goal=Goal.CAPTURE), answers.Rejected("confused"))
    payment, replies = answered(payment, answers.Captured("pi_1", 500))
    assert replies == []
    assert next_operation(payment) is Operation.REFUND


def test_an_unanswered_create_is_asked_again_under_the_same_key() -> None:
    first = intents.next_call(new())
    assert first is not None
    payment, _ = intents.record(intents.begin(first), first, answers.Unanswered("timeout"))
    again = intents.next_call(payment)
    assert again is not None
    assert (again.operation, again.key) == (Operation.CREATE, first.key)


def test_a_create_whose_error_is_kept_is_made_anew_under_another_key() -> None:
    first = intents.next_call(new())
    assert first is not None
    payment, _ = intents.record(intents.begin(first), first, answers.ServerError())
    again = intents.next_call(payment)
    assert again is not None
    assert again.operation is Operation.CREATE
    assert again.key != first.key


def test_an_unanswered_confirm_is_looked_up_by_id_then_asked_again_under_the_same_key() -> None:
    first = intents.next_call(unconfirmed())
    assert first is not None
    payment, _ = intents.record(intents.begin(first), first, answers.Unanswered("timeout"))
    assert next_operation(payment) is Operation.LOOK_UP
    again = intents.next_call(lost(payment, answers.Unconfirmed("pi_1")))
    assert again is not None
    assert (again.operation, again.key) == (Operation.CONFIRM, first.key)


def test_a_confirm_whose_error_is_kept_is_looked_up_then_tried_under_another_key() -> None:
    first = intents.next_call(unconfirmed())
    assert first is not None
    payment, _ = intents.record(intents.begin(first), first, answers.ServerError())
    assert next_operation(payment) is Operation.LOOK_UP
    again = intents.next_call(lost(payment, answers.Unconfirmed("pi_1")))
    assert again is not None
    assert again.operation is Operation.CONFIRM
    assert again.key != first.key


def test_a_confirm_that_took_effect_behind_an_error_is_found_by_its_id() -> None:
    payment = lost(unconfirmed(), answers.ServerError())
    payment, replies = answered(payment, answers.Authorized("pi_1"))
    assert replies == [Reply("authorized")]
    assert next_operation(payment) is None


def test_a_look_up_that_finds_nothing_under_a_known_id_is_not_believed() -> None:
    payment = lost(lost(unconfirmed(), answers.ServerError()), answers.Absent())
    assert payment.provider_id == "pi_1"
    assert next_operation(payment) is Operation.LOOK_UP


def test_a_crash_between_confirm_and_record_is_looked_up() -> None:
    call = intents.next_call(unconfirmed())
    assert call is not None
    assert next_operation(intents.begin(call)) is Operation.LOOK_UP


def test_a_crash_between_create_and_record_is_asked_again_under_the_same_key() -> None:
    call = intents.next_call(new())
    assert call is not None
    assert intents.next_call(intents.begin(call)) == call


def test_a_reversal_while_the_create_is_out_is_none_at_once_and_what_it_leaves_is_cancelled() -> None:
    call = intents.next_call(new())
    assert call is not None
    payment, replies = intents.reverse(intents.begin(call), call.payment.order_id)
    assert replies == [Reply("reversed", outcome="none")]
    assert payment.token is None
    payment, replies = intents.record(payment, call, answers.Unconfirmed("pi_1"))
    assert replies == []
    assert next_operation(payment) is Operation.VOID
    payment = lost(lost(payment, answers.ServerError()), answers.Voided("pi_1"))
    assert next_operation(payment) is None


@pytest.mark.parametrize("answer", [answers.Unanswered("timeout"), answers.ServerError(), answers.NotCarriedOut("")])
def test_a_create_without_an_answer_does_not_matter_once_reversed(answer: answers.Answer) -> None:
    call = intents.next_call(new())
    assert call is not None
    payment, _ = intents.reverse(intents.begin(call), call.payment.order_id)
    payment, replies = intents.record(payment, call, answer)
    assert replies == []
    assert next_operation(payment) is None


def test_a_reversal_while_the_confirm_is_out_waits_for_it_and_voids() -> None:
    call = intents.next_call(unconfirmed())
    assert call is not None
    payment, replies = intents.reverse(intents.begin(call), call.payment.order_id)
    assert replies == []
    payment, replies = intents.record(payment, call, answers.Authorized("pi_1"))
    assert replies == []
    assert next_operation(payment) is Operation.VOID
    payment, replies = answered(payment, answers.Voided("pi_1"))
    assert replies == [Reply("reversed", outcome="voided")]


def test_a_reversal_of_a_lost_confirm_cancels_without_asking_what_became_of_it() -> None:
    payment, replies = intents.reverse(lost(unconfirmed(), answers.Unanswered("timeout")), uuid4())
    assert replies == []
    assert next_operation(payment) is Operation.VOID
    payment, replies = answered(payment, answers.Voided("pi_1"))
    assert replies == [Reply("reversed", outcome="voided")]
    assert payment.token is None


def test_a_reversal_of_a_lost_capture_finds_it_taken_and_refunds() -> None:
    payment = lost(held(goal=Goal.CAPTURE), answers.Unanswered("timeout"))
    payment, _ = intents.reverse(payment, payment.order_id)
    assert next_operation(payment) is Operation.VOID
    payment = lost(payment, answers.Rejected("it is captured"))
    assert next_operation(payment) is Operation.LOOK_UP
    payment = lost(payment, answers.Captured("pi_1", 500))
    assert next_operation(payment) is Operation.REFUND


def test_a_refund_with_a_kept_error_is_looked_up_before_anything_is_given_back_again() -> None:
    payment, _ = intents.reverse(taken(), uuid4())
    payment = lost(payment, answers.ServerError())
    assert next_operation(payment) is Operation.LOOK_UP
    payment, replies = answered(payment, answers.Refunded("pi_1", 500))
    assert replies == [Reply("reversed", outcome="refunded")]
    assert payment.refunded == 500


def test_a_processing_payment_is_looked_up_until_it_is_reversed_then_voided() -> None:
    payment = lost(unconfirmed(), answers.Processing("pi_1"))
    assert next_operation(payment) is Operation.LOOK_UP
    payment, _ = intents.reverse(payment, payment.order_id)
    first = intents.next_call(payment)
    payment = lost(payment, answers.Processing("pi_1"))
    again = intents.next_call(payment)
    assert first is not None
    assert again is not None
    assert again.operation is Operation.VOID
    assert again.key != first.key  # the provider keeps the refusal under the first
    _, replies = answered(payment, answers.Voided("pi_1"))
    assert replies == [Reply("reversed", outcome="voided")]


def test_a_former_row_is_found_in_the_list_or_asked_again_under_its_own_key() -> None:
    payment = new(status=Status.FORMER)
    assert next_operation(payment) is Operation.FIND
    assert lost(replace(payment, goal=Goal.REVERSE), answers.Authorized("pi_1")).provider_id == "pi_1"
    missing = lost(payment, answers.Absent())
    again = intents.next_call(missing)
    assert again is not None
    assert again.key == f"{payment.order_id}:authorize:1"
    assert next_operation(intents.begin(again)) is Operation.FIND


def test_a_former_row_with_a_kept_error_that_the_list_does_not_show_begins_anew() -> None:
    payment = lost(new(status=Status.FORMER_FAILED, attempt=2), answers.Absent())
    assert next_operation(payment) is Operation.CREATE
    reversed_, replies = answered(new(status=Status.FORMER_FAILED, goal=Goal.REVERSE), answers.Absent())
    assert replies == [Reply("reversed", outcome="none")]
    assert next_operation(reversed_) is None


def test_a_captured_payment_is_refunded_on_reversal() -> None:
    payment, _ = intents.reverse(taken(), uuid4())
    assert next_operation(payment) is Operation.REFUND
    payment, replies = answered(payment, answers.Refunded("pi_1", 500))
    assert replies == [Reply("reversed", outcome="refunded")]
    assert payment.refunded == payment.captured == 500


@pytest.mark.parametrize(
    ("status", "outcome"), [(Status.DECLINED, "none"), (Status.VOIDED, "voided"), (Status.NEW, "none")]
)
def test_a_reversal_of_what_has_ended_is_answered_at_once(status: Status, outcome: str) -> None:
    payment, replies = intents.reverse(replace(held(), status=status) if status is not Status.NEW else new(), uuid4())
    assert replies == [Reply("reversed", outcome=outcome)]
    assert intents.reverse(payment, uuid4()) == (payment, [])


def test_a_capture_after_a_reversal_is_ignored() -> None:
    payment, _ = intents.reverse(held(), uuid4())
    assert intents.capture(payment, uuid4()) == (payment, [])


def test_the_payment_never_prints_its_token() -> None:
    payment = new()
    assert TOKEN not in repr(payment)
    assert TOKEN not in repr(Call(Operation.CREATE, payment))

"""The payment's life, case by case."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.payment import answers, intents
from services.payment.intents import Call, Goal, Operation, Payment, Reply, Status

TOKEN = "pm_card_visa"


def new(**changes: object) -> Payment:
    return replace(Payment(uuid4(), "customer-1", 500, "EUR", token=TOKEN), **changes)  # type: ignore[arg-type]


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


def test_an_authorization_is_told_once_and_forgets_the_token() -> None:
    payment, replies = answered(new(), answers.Authorized("pi_1"))
    assert replies == [Reply("authorized")]
    assert payment.status is Status.AUTHORIZED
    assert payment.token is None
    assert next_operation(payment) is None


def test_a_decline_is_told_with_its_reason() -> None:
    payment, replies = answered(new(), answers.Declined("pi_1", "payment_action_required", "detail"))
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


def test_an_unanswered_authorization_is_looked_up_then_asked_again_under_the_same_key() -> None:
    first = intents.next_call(new())
    assert first is not None
    payment, _ = intents.record(intents.begin(first), first, answers.Unanswered("timeout"))
    assert next_operation(payment) is Operation.LOOK_UP
    payment, _ = answered(payment, answers.Absent())
    again = intents.next_call(payment)
    assert again is not None
    assert again.key == first.key


def test_a_stored_server_error_is_looked_up_then_tried_under_a_new_key() -> None:
    first = intents.next_call(new())
    assert first is not None
    payment, _ = intents.record(intents.begin(first), first, answers.ServerError())
    assert next_operation(payment) is Operation.LOOK_UP
    payment, _ = answered(payment, answers.Absent())
    again = intents.next_call(payment)
    assert again is not None
    assert again.operation is Operation.AUTHORIZE
    assert again.key != first.key


def test_a_crash_between_call_and_record_is_looked_up() -> None:
    call = intents.next_call(new())
    assert call is not None
    assert next_operation(intents.begin(call)) is Operation.LOOK_UP


def test_a_reversal_while_the_authorization_is_out_waits_for_it_and_voids() -> None:
    call = intents.next_call(new())
    assert call is not None
    payment, replies = intents.reverse(intents.begin(call), call.payment.order_id)
    assert replies == []
    payment, replies = intents.record(payment, call, answers.Authorized("pi_1"))
    assert replies == []
    assert next_operation(payment) is Operation.VOID
    payment, replies = answered(payment, answers.Voided("pi_1"))
    assert replies == [Reply("reversed", outcome="voided")]


def test_a_reversal_of_a_lost_authorization_asks_again_before_it_says_none() -> None:
    call = intents.next_call(new())
    assert call is not None
    payment, _ = intents.record(intents.begin(call), call, answers.Unanswered("timeout"))
    payment, replies = intents.reverse(payment, payment.order_id)
    assert replies == []
    payment, replies = answered(payment, answers.Absent())
    assert replies == []
    assert next_operation(payment) is Operation.AUTHORIZE
    payment, replies = answered(payment, answers.Declined("pi_1", "payment_declined", ""))
    assert replies == [Reply("reversed", outcome="none")]


def test_a_reversal_of_a_call_that_never_left_is_none() -> None:
    call = intents.next_call(new())
    assert call is not None
    payment, _ = intents.reverse(intents.begin(call), call.payment.order_id)
    payment, replies = intents.record(payment, call, answers.NotCarriedOut("refused"))
    assert replies == [Reply("reversed", outcome="none")]
    assert payment.token is None
    assert next_operation(payment) is None


def test_a_processing_payment_is_looked_up_until_it_is_reversed_then_voided() -> None:
    payment, _ = answered(new(), answers.Processing("pi_1"))
    assert next_operation(payment) is Operation.LOOK_UP
    payment, _ = intents.reverse(payment, payment.order_id)
    assert next_operation(payment) is Operation.VOID
    payment, _ = answered(payment, answers.Processing("pi_1"))
    assert next_operation(payment) is Operation.VOID
    _, replies = answered(payment, answers.Voided("pi_1"))
    assert replies == [Reply("reversed", outcome="voided")]


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
    assert TOKEN not in repr(Call(Operation.AUTHORIZE, payment))

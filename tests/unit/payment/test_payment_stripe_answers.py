"""What Stripe's errors mean: whether a call may have taken effect, and whether asking again makes sense."""

from typing import Any

import pytest
import stripe

from services.payment import answers
from services.payment.intents import Operation
from services.payment.stripe_answers import answer_of, known

HOLDING = [Operation.CREATE, Operation.CONFIRM, Operation.AUTHORIZE]


def invalid(code: str | None, status: int = 400, **more: Any) -> stripe.StripeError:
    body = {"error": {"type": "invalid_request_error", "code": code, "message": "No.", **more}}
    return stripe.InvalidRequestError("No.", "amount", code=code, http_status=status, json_body=body)  # type: ignore[no-untyped-call]


def in_state(status: str) -> stripe.StripeError:
    intent = {"id": "pi_1", "status": status, "last_payment_error": None, "currency": "eur"}
    return invalid("payment_intent_unexpected_state", payment_intent=intent)


@pytest.mark.parametrize("operation", HOLDING)
@pytest.mark.parametrize("code", ["amount_too_small", "amount_too_large", "parameter_invalid_integer", None])
def test_an_amount_that_is_not_taken_declines_the_payment(operation: Operation, code: str | None) -> None:
    answer = answer_of(operation, invalid(code))
    assert isinstance(answer, answers.Declined)
    assert answer.reason == "payment_declined"
    assert (code or "invalid") in answer.detail


@pytest.mark.parametrize(
    ("operation", "status", "expected"),
    [
        (Operation.CONFIRM, "canceled", answers.Voided("pi_1")),
        (Operation.CAPTURE, "canceled", answers.Voided("pi_1")),
        (Operation.CONFIRM, "requires_capture", answers.Authorized("pi_1")),
        (Operation.CONFIRM, "processing", answers.Processing("pi_1")),
        (Operation.VOID, "processing", answers.Processing("pi_1")),
        (Operation.CONFIRM, "succeeded", answers.Unanswered("done before")),
        (Operation.CAPTURE, "succeeded", answers.Unanswered("done before")),
        (Operation.CAPTURE, "processing", answers.Unanswered("done before")),
    ],
)
def test_a_refusal_that_names_the_state_tells_what_was_done_before(
    operation: Operation, status: str, expected: answers.Answer
) -> None:
    assert answer_of(operation, in_state(status)) == expected


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (Operation.VOID, "succeeded"),
        (Operation.CAPTURE, "requires_payment_method"),
        (Operation.CONFIRM, "requires_payment_method"),
        (Operation.REFUND, "requires_capture"),
    ],
)
def test_any_other_state_is_a_refusal_that_changed_nothing(operation: Operation, status: str) -> None:
    assert isinstance(answer_of(operation, in_state(status)), answers.Rejected)


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.FIND])
def test_only_a_404_of_a_look_up_says_that_nothing_is_there(operation: Operation) -> None:
    assert answer_of(operation, invalid("resource_missing", 404)) == answers.Absent()
    assert isinstance(answer_of(operation, invalid("parameter_unknown")), answers.Unanswered)


@pytest.mark.parametrize("operation", list(Operation))
def test_a_server_error_counts_as_kept_only_when_stripe_itself_wrote_it(operation: Operation) -> None:
    own = stripe.APIError("oops", http_status=500, json_body={"error": {"type": "api_error"}})
    proxys = stripe.APIError("bad gateway", http_status=502, http_body="<html>")
    assert answer_of(operation, own) == answers.ServerError()
    assert isinstance(answer_of(operation, proxys), answers.Unanswered)


@pytest.mark.parametrize("operation", list(Operation))
def test_what_never_left_or_was_turned_away_was_not_carried_out(operation: Operation) -> None:
    for error in (
        stripe.RateLimitError("slow down", http_status=429),
        stripe.AuthenticationError("no", http_status=401),
    ):
        assert isinstance(answer_of(operation, error), answers.NotCarriedOut)
    lost = stripe.APIConnectionError("gone")  # type: ignore[no-untyped-call]
    lost.__cause__ = ConnectionError()
    assert isinstance(answer_of(operation, lost), answers.Unanswered)


def test_an_intent_that_was_never_tried_is_unconfirmed_and_one_that_failed_is_declined() -> None:
    intent = {"id": "pi_1", "status": "requires_payment_method", "last_payment_error": None}
    assert known(intent) == answers.Unconfirmed("pi_1")
    assert known({**intent, "status": "requires_confirmation"}) == answers.Unconfirmed("pi_1")
    failed = known({**intent, "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"}})
    assert isinstance(failed, answers.Declined)
    assert "lost_card" in failed.detail


def test_amounts_come_back_in_minor_units() -> None:
    intent = {"id": "pi_1", "status": "succeeded", "currency": "isk", "amount_received": 50_000}
    assert known({**intent, "latest_charge": {"amount_refunded": 20_000}}) == answers.Captured("pi_1", 500, 200)
    assert known({**intent, "latest_charge": {"amount_refunded": 50_000}}) == answers.Refunded("pi_1", 500)

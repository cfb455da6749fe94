"""Stripe's results and errors as answers: above all, whether a call may have taken effect.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level
"""

import logging
from collections.abc import Mapping
from typing import Any

import stripe

from services.chassis.http.client import NotConnected
from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import DECLINED, Operation
from services.payment.stripe_amounts import from_stripe

log = logging.getLogger(__name__)

ACTION_REQUIRED = "payment_action_required"
_HOLDING = (Operation.CREATE, Operation.CONFIRM, Operation.AUTHORIZE)
_NEEDS_ACTION = ("authentication_required", "requires_action")

Json = Mapping[str, Any]


def known(intent: Json) -> Answer:  # noqa: PLR0911 - one for each status
    """What a PaymentIntent says."""
    name = intent["id"]
    match intent["status"]:
        case "requires_confirmation":
            return answers.Unconfirmed(name)
        case "requires_payment_method" if not intent["last_payment_error"]:
            return answers.Unconfirmed(name)
        case "requires_capture":
            return answers.Authorized(name)
        case "processing":
            return answers.Processing(name)
        case "canceled":
            return answers.Voided(name)
        case "succeeded":
            return _captured(intent)
    return _declined(name, intent["last_payment_error"] or {"code": intent["status"]})


def _captured(intent: Json) -> Answer:
    charge, currency = intent["latest_charge"], intent["currency"].upper()
    captured = from_stripe(intent["amount_received"], currency)
    refunded = from_stripe(charge["amount_refunded"], currency) if isinstance(charge, Mapping) else 0
    if refunded >= captured:
        return answers.Refunded(intent["id"], captured)
    return answers.Captured(intent["id"], captured, refunded)


def _declined(provider_id: str | None, error: Json) -> Answer:
    # Only codes: the provider's messages may repeat what was sent.
    code = error.get("decline_code") or error.get("code") or "unknown"
    if code in _NEEDS_ACTION:
        return answers.Declined(provider_id, ACTION_REQUIRED, "the card needs an authentication")
    return answers.Declined(provider_id, DECLINED, f"the card was declined ({code})")


def answer_of(operation: Operation, error: stripe.StripeError) -> Answer:  # noqa: PLR0911 - one for each kind
    """What an error of the library says."""
    match error:
        case stripe.APIConnectionError():
            return _connection_answer(error.__cause__)
        case stripe.CardError() if operation in _HOLDING:
            body = _body(error)
            return _declined(body.get("payment_intent", {}).get("id"), body)
        case stripe.CardError():
            return answers.Rejected(f"the provider refused ({error.code})")
        case stripe.IdempotencyError():
            log.error("an idempotency key was used for two different calls: %s", operation)
            return answers.ServerError()
        case stripe.InvalidRequestError():
            return _invalid_answer(operation, error)
        case stripe.RateLimitError() | stripe.AuthenticationError() | stripe.PermissionError():
            log.error("the payment provider turned a call away: %s", type(error).__name__)
            return answers.NotCarriedOut(type(error).__name__)
    status = error.http_status or 0
    # Only an error that Stripe itself wrote is kept under the key; a proxy's tells nothing.
    if status >= 500 and _body(error):
        return answers.ServerError()
    return answers.Unanswered(f"status {status}")


def _connection_answer(cause: BaseException | None) -> Answer:
    name = type(cause).__name__
    return answers.NotCarriedOut(name) if isinstance(cause, NotConnected) else answers.Unanswered(name)


def _invalid_answer(operation: Operation, error: stripe.InvalidRequestError) -> Answer:
    if operation in (Operation.LOOK_UP, Operation.FIND):
        if error.http_status == 404:
            return answers.Absent()
        log.error("a look-up was refused as invalid: %s %s", error.code, error.param)
        return answers.Unanswered("invalid")
    intent = _body(error).get("payment_intent")
    if error.code == "payment_intent_unexpected_state" and isinstance(intent, Mapping):
        return _state_answer(operation, intent)
    if operation in _HOLDING:
        log.warning("an authorization was refused as invalid: %s %s", error.code, error.param)
        return answers.Declined(None, DECLINED, f"the payment was refused ({error.code or 'invalid'})")
    return answers.Rejected(f"the provider refused ({error.code or 'invalid'})")


def _state_answer(operation: Operation, intent: Json) -> Answer:
    """The provider refuses to act on the state it names, which tells what an earlier call has done."""
    match operation, intent["status"]:
        case _, "canceled":
            return answers.Voided(intent["id"])
        case (Operation.CONFIRM, "succeeded") | (Operation.CAPTURE, "succeeded" | "processing"):
            return answers.Unanswered("done before")  # a look-up tells how much
        case (Operation.CONFIRM | Operation.VOID, "requires_capture" | "processing"):
            return known(intent)
    return answers.Rejected(f"the provider refused (the payment is {intent['status']})")


def _body(error: stripe.StripeError) -> Json:
    """Stripe's error object; empty where someone else answered."""
    found = error.json_body.get("error") if isinstance(error.json_body, Mapping) else None
    return found if isinstance(found, Mapping) else {}

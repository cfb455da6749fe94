"""Stripe's results and errors as answers: above all, whether a call may have taken effect.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level
"""

import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
import stripe

from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import DECLINED, Operation

log = logging.getLogger(__name__)

ACTION_REQUIRED = "payment_action_required"
_NEEDS_ACTION = ("authentication_required", "requires_action")


Json = Mapping[str, Any]


def known(intent: Json) -> Answer:
    """What a PaymentIntent says."""
    name = intent["id"]
    match intent["status"]:
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
    charge = intent["latest_charge"]
    captured, refunded = intent["amount_received"], charge["amount_refunded"] if isinstance(charge, Mapping) else 0
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
        case stripe.CardError() if operation is Operation.AUTHORIZE:
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
    never_connected = isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return answers.NotCarriedOut(name) if never_connected else answers.Unanswered(name)


def _invalid_answer(operation: Operation, error: stripe.InvalidRequestError) -> Answer:
    if operation is Operation.LOOK_UP and error.http_status == 404:
        return answers.Absent()
    if operation is Operation.AUTHORIZE:
        log.warning("an authorization was refused as invalid: %s %s", error.code, error.param)
        return answers.Declined(None, DECLINED, f"the payment method was refused ({error.code or 'invalid'})")
    intent = _body(error).get("payment_intent", {})
    if intent.get("status") == "canceled":
        return answers.Voided(intent["id"])
    if intent.get("status") == "succeeded" and operation is Operation.CAPTURE:
        return answers.Unanswered("captured before")  # a look-up tells how much
    return answers.Rejected(f"the provider refused ({error.code or 'invalid'})")


def _body(error: stripe.StripeError) -> Json:
    """Stripe's error object; empty where someone else answered."""
    found = error.json_body.get("error") if isinstance(error.json_body, Mapping) else None
    return found if isinstance(found, Mapping) else {}

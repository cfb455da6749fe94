"""Stripe's results and errors as answers: above all, whether a call may have taken effect.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level
"""

import logging
from typing import Any

import aiohttp
import stripe

from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import DECLINED, Operation

log = logging.getLogger(__name__)

ACTION_REQUIRED = "payment_action_required"


def known(intent: Any) -> Answer:  # noqa: PLR0911 - one for each status
    """What a PaymentIntent says."""
    match intent.status:
        case "requires_capture":
            return answers.Authorized(intent.id)
        case "succeeded":
            charge = intent.latest_charge
            refunded = 0 if charge is None or isinstance(charge, str) else charge.amount_refunded
            if refunded >= intent.amount_received:
                return answers.Refunded(intent.id, intent.amount_received)
            return answers.Captured(intent.id, intent.amount_received, refunded)
        case "canceled":
            return answers.Voided(intent.id)
        case "processing":
            return answers.Processing(intent.id)
        case "requires_action":
            return answers.Declined(intent.id, ACTION_REQUIRED, "the card needs an authentication")
    return _declined(intent.id, intent.last_payment_error)


def _declined(provider_id: str | None, error: Any) -> Answer:
    # Only codes: the provider's messages may repeat what was sent.
    code = getattr(error, "decline_code", None) or getattr(error, "code", None) or "unknown"
    if code == "authentication_required":
        return answers.Declined(provider_id, ACTION_REQUIRED, "the card needs an authentication")
    return answers.Declined(provider_id, DECLINED, f"the card was declined ({code})")


def answer_of(operation: Operation, error: stripe.StripeError) -> Answer:  # noqa: PLR0911 - one for each kind
    """What an error of the library says."""
    match error:
        case stripe.APIConnectionError():
            return _connection_answer(error.__cause__)
        case stripe.CardError() if operation is Operation.AUTHORIZE:
            intent = getattr(error.error, "payment_intent", None)
            return _declined(intent.id if intent else None, error.error)
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
    if status >= 500 and error.error is not None:
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
    intent = getattr(error.error, "payment_intent", None)
    if intent is not None and intent.status == "canceled":
        return answers.Voided(intent.id)
    if intent is not None and intent.status == "succeeded" and operation is Operation.CAPTURE:
        return answers.Unanswered("captured before")  # a look-up tells how much
    return answers.Rejected(f"the provider refused ({error.code or 'invalid'})")

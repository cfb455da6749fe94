"""Stripe's error objects, as exceptions.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/api/idempotent_requests
"""

from typing import Any


class ApiError(Exception):
    """An answer other than 2xx: `status` and the `error` object of the body."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"type": kind, "message": message, **fields}}


class InvalidRequest(ApiError):
    def __init__(self, message: str, *, status: int = 400, **fields: Any) -> None:
        super().__init__(status, "invalid_request_error", message, **fields)


class Missing(InvalidRequest):
    """`param` says where the id was: 404 in the path (`intent`, `id`), 400 elsewhere."""

    def __init__(self, what: str, identity: str, param: str = "id", status: int = 404) -> None:
        super().__init__(f"No such {what}: '{identity}'", status=status, code="resource_missing", param=param)


class WrongState(InvalidRequest):
    """`intent` is the rendered object: a client learns the state from the refusal itself."""

    def __init__(self, action: str, intent: dict[str, Any]) -> None:
        super().__init__(
            f"This PaymentIntent could not be {action} because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )


class KeyInUse(InvalidRequest):
    def __init__(self) -> None:
        super().__init__(
            "There is currently another in-progress request using this Idempotency-Key.",
            status=409,
            code="idempotency_key_in_use",
        )


class KeyReused(ApiError):
    def __init__(self) -> None:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        super().__init__(400, "idempotency_error", message)


class Unauthenticated(InvalidRequest):
    """`given` is shown but for its middle, as Stripe does."""

    def __init__(self, given: str) -> None:
        super().__init__(
            f"Invalid API Key provided: {given[:8]}{'*' * 8}{given[-4:]}"
            if len(given) > 16
            else "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            if not given
            else "Invalid API Key provided.",
            status=401,
        )


class Unrecognized(InvalidRequest):
    """No such path, or not with this method."""

    def __init__(self, method: str, path: str) -> None:
        super().__init__(
            f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
            "https://support.stripe.com/.",
            status=404,
        )


class ServerError(ApiError):
    def __init__(self) -> None:
        super().__init__(500, "api_error", "The simulator was asked to fail.")


def card_error(code: str, decline_code: str, intent: dict[str, Any]) -> ApiError:
    """402: the card was refused; the intent is left waiting for another payment method."""
    return ApiError(
        402, "card_error", "Your card was declined.", code=code, decline_code=decline_code, payment_intent=intent
    )

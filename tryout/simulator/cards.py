"""The test payment methods: Stripe's own names, and the simulator's that misbehave.

Source: https://docs.stripe.com/testing
"""

from enum import Enum

from tryout.simulator import lies


class Behaviour(Enum):
    """What a confirmation with the payment method does: the status it leaves and the decline code."""

    status: str
    decline_code: str | None

    def __init__(self, status: str, decline_code: str | None) -> None:
        self.status = status
        self.decline_code = decline_code

    SUCCEEDS = ("requires_capture", None)
    DECLINES = ("requires_payment_method", "generic_decline")
    LACKS_FUNDS = ("requires_payment_method", "insufficient_funds")
    NEEDS_AUTHENTICATION = ("requires_action", None)
    HANGS = ("processing", None)
    FLAKY = ("requires_capture", "")  # after its failures


# How many confirmations of an order a flaky payment method answers with 500.
FLAKY_FAILURES = 2

BEHAVIOURS = {
    "pm_card_visa": Behaviour.SUCCEEDS,
    "pm_card_mastercard": Behaviour.SUCCEEDS,
    "pm_card_visa_chargeDeclined": Behaviour.DECLINES,
    "pm_card_chargeDeclined": Behaviour.DECLINES,
    "pm_card_visa_chargeDeclinedInsufficientFunds": Behaviour.LACKS_FUNDS,
    "pm_card_chargeDeclinedInsufficientFunds": Behaviour.LACKS_FUNDS,
    "pm_card_authenticationRequired": Behaviour.NEEDS_AUTHENTICATION,
    "pm_card_simulate_timeout": Behaviour.HANGS,
    "pm_card_simulate_flaky": Behaviour.FLAKY,
    **dict.fromkeys(lies.TOKENS, Behaviour.SUCCEEDS),
}

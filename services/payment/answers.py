"""What the payment provider may answer, as far as payment cares.

Answer
├── Known                what the provider holds for the order
│   ├── Unconfirmed      it is there, and nothing was tried yet: nothing is held
│   ├── Processing       it does not know yet
│   ├── Authorized       the money is held
│   ├── Captured         the money is taken (and perhaps partly given back)
│   ├── Refunded         all that was taken is given back
│   ├── Voided           the hold is given up
│   └── Declined         it will not hold the money
├── Absent               a look-up found nothing
├── Rejected             the provider refuses the call, which changed nothing
├── NotCarriedOut        the call never reached the provider, or was turned away at its door
├── Unanswered           timeout, lost connection, the key in use: it may have taken effect, or may still
└── ServerError          a 5xx, which the provider keeps under the key: it may have taken effect
"""

from dataclasses import dataclass


class Answer:
    """Base of all answers."""


@dataclass(frozen=True, slots=True)
class Known(Answer):
    """`provider_id` is the provider's name of the payment; None where a refusal did not tell it."""

    provider_id: str | None


@dataclass(frozen=True, slots=True)
class Unconfirmed(Known):
    pass


@dataclass(frozen=True, slots=True)
class Processing(Known):
    pass


@dataclass(frozen=True, slots=True)
class Authorized(Known):
    pass


@dataclass(frozen=True, slots=True)
class Captured(Known):
    """Minor units taken, and of these given back."""

    captured: int
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Refunded(Known):
    """Minor units that were taken and are all given back."""

    captured: int


@dataclass(frozen=True, slots=True)
class Voided(Known):
    pass


@dataclass(frozen=True, slots=True)
class Declined(Known):
    """`reason` is `payment_declined` or `payment_action_required`; `detail` is a sentence for a person."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Absent(Answer):
    pass


@dataclass(frozen=True, slots=True)
class Rejected(Answer):
    detail: str


@dataclass(frozen=True, slots=True)
class NotCarriedOut(Answer):
    cause: str


@dataclass(frozen=True, slots=True)
class Unanswered(Answer):
    cause: str


@dataclass(frozen=True, slots=True)
class ServerError(Answer):
    pass

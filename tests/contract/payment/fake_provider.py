"""A provider in memory: the same answers as the real one, and a way to lose, delay and duplicate what happens."""

from dataclasses import dataclass, field
from uuid import UUID

from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import Call, Operation

_DECLINES = {
    "pm_card_visa_chargeDeclined": "payment_declined",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "payment_declined",
    "pm_card_authenticationRequired": "payment_action_required",
}
_SUCCEEDS = {"pm_card_visa", "pm_card_mastercard"}


@dataclass
class Intent:
    """One payment at the provider; `entries` are the movements of money in minor units."""

    order_id: UUID
    amount: int
    state: str
    reason: str = ""
    captured: int = 0
    refunded: int = 0
    entries: list[tuple[str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"pi_{self.order_id.hex}_{id(self)}"

    def answer(self) -> Answer:
        match self.state:
            case "authorized":
                return answers.Authorized(self.name)
            case "processing":
                return answers.Processing(self.name)
            case "voided":
                return answers.Voided(self.name)
            case "declined":
                return answers.Declined(self.name, self.reason, "the card was declined")
        if self.refunded == self.captured:
            return answers.Refunded(self.name, self.captured)
        return answers.Captured(self.name, self.captured, self.refunded)


class FakeProvider:
    """Answers calls at once, and keeps the first result of every key."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self._results: dict[str, Answer | None] = {}
        self._failures: dict[UUID, int] = {}

    async def call(self, call: Call) -> Answer:
        return self.answer(call)

    def answer(self, call: Call) -> Answer:
        """Carries the call out; the same key has the same answer."""
        if call.operation is Operation.LOOK_UP:
            return self._look_up(call)
        if call.key in self._results:
            return self._results[call.key] or answers.Unanswered("key in use")
        result = self._authorize(call) if call.operation is Operation.AUTHORIZE else self._change(call)
        self._results[call.key] = result
        return result or answers.Unanswered("silence")

    def fail(self, call: Call) -> Answer:
        """Stores a server error under the key, without an effect."""
        if call.operation is Operation.LOOK_UP:
            return answers.ServerError()
        return self._results.setdefault(call.key, answers.ServerError()) or answers.Unanswered("key in use")

    def decide(self, intent: Intent) -> None:
        """A payment that was processing is authorized after all."""
        intent.state = "authorized"

    def of(self, order_id: UUID) -> list[Intent]:
        return [intent for intent in self.intents if intent.order_id == order_id]

    def _look_up(self, call: Call) -> Answer:
        found = self.of(call.payment.order_id)
        return found[-1].answer() if found else answers.Absent()

    def _authorize(self, call: Call) -> Answer | None:
        payment, token = call.payment, call.payment.token or ""
        if token == "pm_card_simulate_flaky":
            failures = self._failures.get(payment.order_id, 0)
            if failures < 2:
                self._failures[payment.order_id] = failures + 1
                return answers.ServerError()
        elif token not in _SUCCEEDS | _DECLINES.keys() | {"pm_card_simulate_timeout"}:
            return answers.Declined(None, "payment_declined", "no such payment method")
        intent = Intent(payment.order_id, payment.amount, "authorized")
        self.intents.append(intent)
        if token in _DECLINES:
            intent.state, intent.reason = "declined", _DECLINES[token]
            return intent.answer()
        intent.entries.append(("authorize", intent.amount))
        if token == "pm_card_simulate_timeout":
            intent.state = "processing"
            return None
        return intent.answer()

    def _change(self, call: Call) -> Answer:
        intent = next((i for i in self.intents if i.name == call.payment.provider_id), None)
        if intent is None:
            return answers.Rejected("no such payment")
        match call.operation, intent.state:
            case Operation.CAPTURE, "authorized":
                intent.state, intent.captured = "captured", call.payment.amount
                intent.entries.append(("capture", intent.captured))
            case Operation.CAPTURE, "captured":
                return answers.Unanswered("captured before")
            case Operation.VOID, "authorized" | "processing":
                intent.state = "voided"
                intent.entries.append(("void", intent.amount))
            case Operation.REFUND, "captured" if intent.refunded < intent.captured:
                intent.entries.append(("refund", intent.captured - intent.refunded))
                intent.refunded = intent.captured
            case _, "voided":
                pass
            case _:
                return answers.Rejected("the payment is in another state")
        return intent.answer()

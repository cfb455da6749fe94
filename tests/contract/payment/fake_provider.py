"""A provider in memory: the same answers as the real one, and a way to lose, delay and duplicate what happens."""

import re
from dataclasses import dataclass, field
from itertools import accumulate
from uuid import UUID

from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import Call, Operation

_DECLINES = {
    "pm_card_visa_chargeDeclined": "payment_declined",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "payment_declined",
    "pm_card_authenticationRequired": "payment_action_required",
}
_SILENT = "pm_card_simulate_timeout"
_FLAKY = "pm_card_simulate_flaky"
_KNOWN = {"pm_card_visa", "pm_card_mastercard", *_DECLINES, _SILENT, _FLAKY}
_LIE = re.compile(r"pm_card_simulate_(failed|lost|late)_(create|confirm|capture|cancel|refund)")
_CALLS = {Operation.VOID: "cancel"}
_OPENS = {"authorize": 1, "capture": -1, "void": -1, "refund": 0}


@dataclass
class Intent:
    """One payment at the provider; `entries` are the movements of money in minor units."""

    order_id: UUID
    amount: int
    token: str
    state: str = "unconfirmed"
    reason: str = ""
    captured: int = 0
    refunded: int = 0
    entries: list[tuple[str, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"pi_{self.order_id.hex}_{id(self)}"

    def answer(self) -> Answer:  # noqa: PLR0911 - one for each state
        match self.state:
            case "unconfirmed":
                return answers.Unconfirmed(self.name)
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
    """Answers calls at once, and keeps the first result of every key. `book` holds every movement of money in order."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.book: list[tuple[UUID, str]] = []
        self.late: list[Call] = []
        self._told: set[tuple[UUID, str]] = set()
        self._results: dict[str, Answer | None] = {}
        self._failures: dict[UUID, int] = {}

    async def call(self, call: Call) -> Answer:
        return self.answer(call)

    def answer(self, call: Call) -> Answer:
        """Carries the call out; the same key has the same answer."""
        if not call.changes:
            return self._seen(call)
        if call.key in self._results:
            return self._results[call.key] or answers.Unanswered("key in use")
        lie = self._lie(call)
        if lie == "failed":
            return self.fail_after(call)
        if lie == "late":
            self.late.append(call)
            return answers.Unanswered("late")
        result = self._carried_out(call)
        self._results[call.key] = result
        return answers.Unanswered("lost") if lie else result or answers.Unanswered("silence")

    def fail(self, call: Call) -> Answer:
        """Stores a server error under the key, without an effect."""
        if not call.changes:
            return answers.ServerError()
        return self._results.setdefault(call.key, answers.ServerError()) or answers.Unanswered("key in use")

    def fail_after(self, call: Call) -> Answer:
        """Carries the call out and stores a server error under its key all the same."""
        if not call.changes:
            return answers.ServerError()
        if call.key not in self._results:
            self._carried_out(call)
        return self.fail(call)

    def arrive(self) -> None:
        """The calls that were late are carried out."""
        for call in self.late:
            self.answer(call)
        self.late.clear()

    def decide(self, intent: Intent) -> None:
        """A payment that was processing is authorized after all."""
        intent.state = "authorized"

    def of(self, order_id: UUID) -> list[Intent]:
        return [intent for intent in self.intents if intent.order_id == order_id]

    def open_holds(self, order_id: UUID) -> list[int]:
        """How many holds were open after each movement of the order's money, and before the first."""
        return list(accumulate((_OPENS[kind] for owner, kind in self.book if owner == order_id), initial=0))

    def _lie(self, call: Call) -> str | None:
        """The lie the payment method asks for about this call, once an order."""
        intent = next((i for i in self.intents if i.name == call.payment.provider_id), None)
        match = _LIE.fullmatch((intent.token if intent else call.payment.token) or "")
        told = (call.payment.order_id, call.operation.value)
        if match is None or match[2] != _CALLS.get(call.operation, call.operation.value) or told in self._told:
            return None
        self._told.add(told)
        return match[1]

    def _seen(self, call: Call) -> Answer:
        if call.operation is Operation.FIND:
            found = [intent for intent in self.of(call.payment.order_id) if intent.state != "unconfirmed"][-1:]
        else:
            found = [intent for intent in self.intents if intent.name == call.payment.provider_id]
        return found[0].answer() if found else answers.Absent()

    def _carried_out(self, call: Call) -> Answer | None:
        match call.operation:
            case Operation.CREATE:
                return self._create(call)
            case Operation.AUTHORIZE:
                created = self._create(call)
                return self._confirm(self.intents[-1]) if isinstance(created, answers.Unconfirmed) else created
        intent = next((i for i in self.intents if i.name == call.payment.provider_id), None)
        if intent is None:
            return answers.Rejected("no such payment")
        if call.operation is Operation.CONFIRM:
            return self._confirm(intent)
        return self._change(call, intent)

    def _create(self, call: Call) -> Answer:
        payment, token = call.payment, call.payment.token or ""
        if token not in _KNOWN and not _LIE.fullmatch(token):
            return answers.Declined(None, "payment_declined", "no such payment method")
        intent = Intent(payment.order_id, payment.amount, token)
        self.intents.append(intent)
        return intent.answer()

    def _confirm(self, intent: Intent) -> Answer | None:  # noqa: PLR0911 - one for each kind
        match intent.state:
            case "captured":
                return answers.Unanswered("done before")
            case "declined":
                return answers.Rejected("the payment is in another state")
            case "authorized" | "processing" | "voided":
                return intent.answer()
        if intent.token == _FLAKY and self._failures.setdefault(intent.order_id, 0) < 2:
            self._failures[intent.order_id] += 1
            return answers.ServerError()
        if intent.token in _DECLINES:
            intent.state, intent.reason = "declined", _DECLINES[intent.token]
            return intent.answer()
        self._enter(intent, "authorize", intent.amount)
        if intent.token == _SILENT:
            intent.state = "processing"
            return None
        intent.state = "authorized"
        return intent.answer()

    def _change(self, call: Call, intent: Intent) -> Answer:
        match call.operation, intent.state:
            case Operation.CAPTURE, "authorized":
                intent.state, intent.captured = "captured", call.payment.amount
                self._enter(intent, "capture", intent.captured)
            case Operation.CAPTURE, "captured":
                return answers.Unanswered("done before")
            case Operation.VOID, "authorized" | "processing":
                intent.state = "voided"
                self._enter(intent, "void", intent.amount)
            case Operation.VOID, "unconfirmed" | "declined":
                intent.state = "voided"
            case Operation.REFUND, "captured" if intent.refunded < intent.captured:
                self._enter(intent, "refund", intent.captured - intent.refunded)
                intent.refunded = intent.captured
            case _, "voided":
                pass
            case _:
                return answers.Rejected("the payment is in another state")
        return intent.answer()

    def _enter(self, intent: Intent, kind: str, amount: int) -> None:
        intent.entries.append((kind, amount))
        self.book.append((intent.order_id, kind))

"""What may become of a payment's calls to its provider, as rules of a stateful search.

They are answered, lost, late, turned away, fail with or without an effect, and go with the process that made them.
"""

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.payment import answers, intents
from services.payment.intents import Call, Change, Payment, Reply
from tests.contract.payment.fake_provider import FakeProvider

TOKENS = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_card_simulate_timeout",
    "pm_card_simulate_flaky",
]


class LyingCalls(RuleBasedStateMachine):
    """`payment` is the row as committed; `flying` the call whose intent is committed; `late` calls may yet arrive."""

    @initialize(late_last=st.booleans())
    def fate(self, late_last: bool) -> None:
        """Whether what is late at the end arrives before the rest is done, or after everything."""
        self.late_last = late_last

    def begin_payment(self) -> None:
        self.provider = FakeProvider()
        self.payment: Payment | None = None
        self.flying: Call | None = None
        self.called: Call | None = None
        self.late: list[Call] = []
        self.replies: list[Reply] = []

    @precondition(lambda self: self._may_call())
    @rule()
    def call(self) -> None:
        assert self.payment is not None
        self.flying = intents.next_call(self.payment)
        assert self.flying is not None
        self.payment = intents.begin(self.flying)

    @precondition(lambda self: self.flying)
    @rule()
    def answered(self) -> None:
        self._record(self.provider.answer(self._landed()))

    @precondition(lambda self: self.flying)
    @rule()
    def carried_out_but_answer_lost(self) -> None:
        self.provider.answer(self._landed())
        self._record(answers.Unanswered("lost"))

    @precondition(lambda self: self.flying)
    @rule()
    def on_its_way_while_we_gave_up(self) -> None:
        self.late.append(self._landed())
        self._record(answers.Unanswered("timeout"))

    @precondition(lambda self: self.flying)
    @rule()
    def turned_away(self) -> None:
        self._landed()
        self._record(answers.NotCarriedOut("connection refused"))

    @precondition(lambda self: self.flying)
    @rule()
    def server_error_without_effect(self) -> None:
        self._record(self.provider.fail(self._landed()))

    @precondition(lambda self: self.flying)
    @rule()
    def server_error_that_took_effect(self) -> None:
        self._record(self.provider.fail_after(self._landed()))

    @precondition(lambda self: self.flying)
    @rule()
    def server_error_that_took_effect_and_was_lost(self) -> None:
        self.provider.fail_after(self._landed())
        self._record(answers.Unanswered("lost"))

    @precondition(lambda self: self.flying)
    @rule(carried_out=st.booleans())
    def crash(self, carried_out: bool) -> None:
        """The lease ends and another takes the row as it was committed."""
        call = self._landed()
        if carried_out:
            self.provider.answer(call)
        else:
            self.late.append(call)

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def late_call_arrives(self, data: st.DataObject) -> None:
        self.provider.answer(self.late.pop(data.draw(st.integers(0, len(self.late) - 1))))

    @precondition(lambda self: any(intent.state == "processing" for intent in self.provider.intents))
    @rule()
    def processing_ends_well(self) -> None:
        for intent in self.provider.intents:
            if intent.state == "processing":
                self.provider.decide(intent)

    def settle(self) -> None:
        """What is out arrives, and the provider tells the truth from now on."""
        if self.flying:
            self.answered()
        if not self.late_last:
            self._late_ones_arrive()
        self._go_on()
        self._late_ones_arrive()
        self._go_on()

    def _late_ones_arrive(self) -> None:
        while self.late:
            self.provider.answer(self.late.pop())

    def _go_on(self) -> None:
        for _ in range(20):
            self.processing_ends_well()
            if not self.payment or not intents.next_call(self.payment):
                break
            self.call()
            self.answered()

    def held(self, order_id: UUID) -> int:
        """How many holds are open now; never was it more than one."""
        holds = self.provider.open_holds(order_id)
        assert max(holds) <= 1
        return holds[-1]

    def _may_call(self) -> bool:
        return bool(self.payment and not self.flying and intents.next_call(self.payment))

    def _landed(self) -> Call:
        assert self.flying is not None
        call = self.called = self.flying
        self.flying = None
        return call

    def _record(self, answer: answers.Answer) -> None:
        assert self.payment is not None
        assert self.called is not None
        self._commit(intents.record(self.payment, self.called, answer))

    def _commit(self, change: Change) -> None:
        self.payment, replies = change
        self.replies += replies

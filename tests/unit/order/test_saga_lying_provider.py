"""The saga with payment's own life of a payment and a provider that lies about any call: whatever happens in between,
an order never has two open holds, and at rest none is left and the money is where the order's status says.

Product is as small as can be: it reserves, and what is undone it takes back.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from services.order import saga
from services.order.saga import Command, Input, NotCancellable, Reason, Status, Step
from services.payment import intents
from services.payment.intents import Change, Payment, Reply
from tests.contract.payment.lying_calls import TOKENS, LyingCalls
from tests.unit.order.test_saga import NOW, POLICY, TOTAL, an_order, reserved

# Whatever ends an order comes seldom, so that the search gets far.
SELDOM = 9
TO_PAYMENT = {Command.AUTHORIZE, Command.CAPTURE, Command.REVERSE}


class WholeOrder(LyingCalls):
    """Commands and replies are queues that keep their order; replies may come twice."""

    @initialize(token=st.sampled_from(TOKENS))
    def begin(self, token: str) -> None:
        self.begin_payment()
        self.order = replace(an_order(), payment_token=token)
        self.asked = Payment(self.order.id, "c-1", TOTAL, "EUR", token=token)
        self.now = NOW
        self.commands: list[Command] = []
        self.answers: list[Reply] = []
        self.decide(reserved(self.order))

    def decide(self, happened: Input) -> None:
        result = saga.decide(self.order, happened, self.now, POLICY)
        if isinstance(result, Step):
            self.order = result.order
            self.commands += [command for command in result.commands if command in TO_PAYMENT]

    @precondition(lambda self: self.commands)
    @rule(twice=st.booleans())
    def payment_reads_a_command(self, twice: bool) -> None:
        command = self.commands.pop(0)
        for _ in range(2 if twice else 1):
            match command:
                case Command.AUTHORIZE:
                    self._commit(intents.authorize(self.payment, self.asked))
                case Command.CAPTURE:
                    self._commit(intents.capture(self.payment, self.order.id))
                case Command.REVERSE:
                    self._commit(intents.reverse(self.payment, self.order.id))

    @precondition(lambda self: self.answers)
    @rule(twice=st.booleans())
    def order_reads_a_reply(self, twice: bool) -> None:
        reply = self.answers.pop(0)
        for _ in range(2 if twice else 1):
            self.decide(self._input(reply))

    @rule(dice=st.integers(0, SELDOM), seconds=st.integers(1, 70))
    def time_passes(self, dice: int, seconds: int) -> None:
        self.now += timedelta(seconds=seconds if dice == SELDOM else 0.1)
        self.decide(saga.DeadlineMet())

    @rule(dice=st.integers(0, SELDOM))
    def somebody_cancels(self, dice: int) -> None:
        if dice < SELDOM:
            return
        try:
            self.decide(saga.Cancel(None))
        except NotCancellable:
            assert self.order.status is Status.REJECTED

    @invariant()
    def never_two_holds(self) -> None:
        self.held(self.order.id)

    def teardown(self) -> None:
        if not hasattr(self, "order") or not hasattr(self, "late_last"):
            return
        for _ in range(10):
            while self.commands:
                self.payment_reads_a_command(twice=False)
            self.settle()
            while self.answers:
                self.order_reads_a_reply(twice=False)
        self._books_agree()

    def _books_agree(self) -> None:
        status = self.order.status
        assert status in {Status.CONFIRMED, Status.REJECTED, Status.CANCELLED}
        assert self.held(self.order.id) == 0
        assert not self.payment or intents.next_call(self.payment) is None
        captured = sum(intent.captured for intent in self.provider.intents)
        refunded = sum(intent.refunded for intent in self.provider.intents)
        assert (captured, refunded) == ((TOTAL, 0) if status is Status.CONFIRMED else (captured, captured))
        assert captured in (0, TOTAL)
        assert self.order.payment is not saga.Payment.REVERSING
        assert self.order.payment_token is None

    def _commit(self, change: Change) -> None:
        self.payment, replies = change
        self.answers += replies

    def _input(self, reply: Reply) -> Input:
        match reply.kind:
            case "authorized":
                return saga.Authorized()
            case "declined":
                return saga.Declined(Reason(reply.reason or ""), reply.detail or "")
            case "captured":
                assert self.payment is not None
                return saga.Captured(self.payment.captured)
            case "capture_failed":
                return saga.CaptureFailed(reply.detail or "")
        assert reply.kind == "reversed"
        return saga.Reversed(reply.outcome == "refunded")


WholeOrder.TestCase.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
TestWholeOrder = WholeOrder.TestCase

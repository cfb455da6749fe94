"""Any interleaving of commands, answers, losses, late arrivals and crashes ends with the money where it belongs."""

from collections import Counter
from dataclasses import replace
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.payment import answers, intents
from services.payment.intents import Call, Change, Goal, Operation, Payment, Reply, Status
from tests.contract.payment.fake_provider import FakeProvider

AMOUNT = 4_200
TOKENS = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_card_simulate_timeout",
    "pm_card_simulate_flaky",
]


class OneOrder(RuleBasedStateMachine):
    """`payment` is the row as committed; `flying` the call whose intent is committed; `late` calls may yet arrive."""

    @initialize(token=st.sampled_from(TOKENS))
    def begin(self, token: str) -> None:
        self.provider = FakeProvider()
        self.asked = Payment(uuid4(), "customer-1", AMOUNT, "EUR", token=token)
        self.payment: Payment | None = None
        self.flying: Call | None = None
        self.called: Call | None = None
        self.late: list[Call] = []
        self.replies: list[Reply] = []

    # -- the order's commands, each perhaps again --

    @rule()
    def authorize(self) -> None:
        self._commit(intents.authorize(self.payment, self.asked))

    @precondition(lambda self: any(reply.kind == "authorized" for reply in self.replies))
    @rule()
    def capture(self) -> None:
        self._commit(intents.capture(self.payment, self.asked.order_id))

    @rule()
    def reverse(self) -> None:
        self._commit(intents.reverse(self.payment, self.asked.order_id))

    # -- what becomes of calls --

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

    # -- what always holds --

    @invariant()
    def never_more_than_one_hold_and_one_capture(self) -> None:
        kinds = Counter(kind for _, kind in self.provider.book)
        assert kinds["authorize"] <= 1
        assert kinds["capture"] <= 1
        assert kinds["refund"] <= kinds["capture"]
        assert max(self.provider.open_holds(self.asked.order_id)) <= 1

    @invariant()
    def the_token_is_gone_once_the_authorization_has_ended(self) -> None:
        if any(reply.kind in ("authorized", "declined", "reversed") for reply in self.replies):
            assert self.payment is not None
            assert self.payment.token is None

    @invariant()
    def each_reply_is_given_once(self) -> None:
        given = Counter(reply.kind for reply in self.replies)
        assert all(count == 1 for count in given.values()), given
        assert given["authorized"] + given["declined"] <= 1
        assert given["captured"] + given["capture_failed"] <= 1

    def teardown(self) -> None:
        if not hasattr(self, "provider"):
            return
        if self.flying:
            self.answered()
        while self.late:
            self.provider.answer(self.late.pop())
        for _ in range(20):
            self.processing_ends_well()
            if not self.payment or not intents.next_call(self.payment):
                break
            self.call()
            self.answered()
        self.never_more_than_one_hold_and_one_capture()
        self.each_reply_is_given_once()
        self._money_is_where_it_belongs()

    def _money_is_where_it_belongs(self) -> None:
        if self.payment is None:
            assert not self.provider.intents
            return
        payment, given = self.payment, {reply.kind: reply for reply in self.replies}
        assert intents.next_call(payment) is None
        assert payment.token is None
        kinds = Counter(kind for _, kind in self.provider.book)
        held = self.provider.open_holds(payment.order_id)[-1]
        assert payment.captured == sum(intent.captured for intent in self.provider.intents)
        assert payment.refunded == sum(intent.refunded for intent in self.provider.intents)
        if payment.goal in (Goal.REVERSE, Goal.GIVE_BACK):
            assert held == 0
            assert payment.refunded == payment.captured
        if payment.goal is Goal.REVERSE:
            # What was cancelled is voided, also when it turns out that nothing was held.
            outcomes = {"refunded"} if kinds["capture"] else {"voided"} if kinds["authorize"] else {"none", "voided"}
            assert given["reversed"].outcome in outcomes
        if payment.goal is Goal.CAPTURE:
            assert payment.status is Status.CAPTURED
            assert payment.captured == AMOUNT
            assert "captured" in given
        if payment.goal is Goal.AUTHORIZE:
            assert ("authorized" in given) == (held == 1)
            assert ("declined" in given) == (held == 0)

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


class OneFormerOrder(OneOrder):
    """Begins as a row of the former scheme: its one call is lost, late, carried out, failed, or failed with effect."""

    @initialize(token=st.sampled_from(TOKENS), fate=st.sampled_from(["late", "done", "failed", "failed after"]))
    def begin(self, token: str, fate: str) -> None:
        super().begin(token)
        failed = fate.startswith("failed")
        status = Status.FORMER_FAILED if failed else Status.FORMER
        self.payment = replace(self.asked, status=status, attempt=2 if failed else 1)
        call = Call(Operation.AUTHORIZE, self.asked)
        match fate:
            case "late":
                self.late.append(call)
            case "done":
                self.provider.answer(call)
            case "failed":
                self.provider.fail(call)
            case "failed after":
                self.provider.fail_after(call)


for machine in (OneOrder, OneFormerOrder):
    machine.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestOneOrder = OneOrder.TestCase
TestOneFormerOrder = OneFormerOrder.TestCase

"""Any interleaving of commands, answers, losses, late arrivals and crashes ends with the money where it belongs."""

from collections import Counter
from dataclasses import replace
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from services.payment import intents
from services.payment.intents import Call, Goal, Operation, Payment, Status
from tests.contract.payment.lying_calls import TOKENS, LyingCalls

AMOUNT = 4_200
# Whatever ends a payment comes seldom, so that the search gets far.
SELDOM = 9


class OneOrder(LyingCalls):
    """The commands of one order in any order, each perhaps again."""

    @initialize(token=st.sampled_from(TOKENS), asked_first=st.sampled_from([True, True, True, False]))
    def begin(self, token: str, asked_first: bool) -> None:
        self.begin_payment()
        self.asked = Payment(uuid4(), "customer-1", AMOUNT, "EUR", token=token)
        if asked_first:
            self.authorize()

    @rule()
    def authorize(self) -> None:
        self._commit(intents.authorize(self.payment, self.asked))

    @precondition(lambda self: any(reply.kind == "authorized" for reply in self.replies))
    @rule()
    def capture(self) -> None:
        self._commit(intents.capture(self.payment, self.asked.order_id))

    @rule(dice=st.integers(0, SELDOM))
    def reverse(self, dice: int) -> None:
        if dice == SELDOM:
            self._commit(intents.reverse(self.payment, self.asked.order_id))

    # -- what always holds --

    @invariant()
    def never_more_than_one_hold_and_one_capture(self) -> None:
        kinds = Counter(kind for _, kind in self.provider.book)
        assert kinds["authorize"] <= 1
        assert kinds["capture"] <= 1
        assert kinds["refund"] <= kinds["capture"]
        self.held(self.asked.order_id)

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
        if not hasattr(self, "provider") or not hasattr(self, "late_last"):
            return
        self.settle()
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
        held = self.held(payment.order_id)
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


class OneFormerOrder(OneOrder):
    """Begins as a row of the former scheme: its one call is lost, late, carried out, failed, or failed with effect."""

    @initialize(token=st.sampled_from(TOKENS), fate=st.sampled_from(["late", "done", "failed", "failed after"]))
    def begin(self, token: str, fate: str) -> None:
        super().begin(token, asked_first=False)
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

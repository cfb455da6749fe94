"""Whatever the interleaving of partners, deadlines, cancellations, repeats and delays: money and stock agree at rest.

The partners here are the smallest models that keep their promises: commands in order per partner, each handled once,
undoing before doing leaves a tombstone, replies come later, in their order per partner, and sometimes twice.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.order import saga
from services.order.saga import Command, Input, NotCancellable, Order, Reason, Status, Step
from tests.unit.order.test_saga import NOW, POLICY, TOTAL, an_order


@dataclass
class Stock:
    state: str = "none"  # none | reserved | sold | released

    def handle(self, command: Command, order: Order, willing: bool) -> Input | None:
        if command is Command.RESERVE and self.state == "none":
            if not willing:
                self.state = "refused"
                return saga.StockRefused(Reason.OUT_OF_STOCK, "none left")
            self.state = "reserved"
            lines = tuple(replace(line, sku="S", name="N", unit_price=1) for line in order.lines)
            return saga.Reserved(lines, TOTAL)
        if command is Command.COMMIT:
            assert self.state == "reserved"
            self.state = "sold"
        if command is Command.RELEASE and self.state != "refused":
            self.state = "released"
        return None


@dataclass
class Money:
    captured: int = 0
    refunded: int = 0
    held: bool = False
    undone: bool = False

    def handle(self, command: Command, willing: bool) -> Input | None:
        if command is Command.REVERSE:
            refunded = self.captured > self.refunded
            self.refunded, self.held, self.undone = self.captured, False, True
            return saga.Reversed(refunded)
        if self.undone:
            return None
        if command is Command.AUTHORIZE:
            if not willing:
                return saga.Declined(Reason.PAYMENT_DECLINED, "no")
            self.held = True
            return saga.Authorized()
        assert self.held
        self.held = False
        if not willing:
            return saga.CaptureFailed("no")
        self.captured += TOTAL
        return saga.Captured(TOTAL)


class OrderLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        order = an_order()
        self.order = order
        self.now = NOW
        self.stock, self.money = Stock(), Money()
        self.to_stock: list[Command] = [Command.RESERVE]
        self.to_money: list[Command] = []
        self.from_stock: list[Input] = []
        self.from_money: list[Input] = []
        self.versions = [1]
        self.ended: Status | None = None

    def apply(self, happened: Input) -> None:
        result = saga.decide(self.order, happened, self.now, POLICY)
        if not isinstance(result, Step):
            return
        if result.published:
            self.versions.append(result.order.version)
        self.order = result.order
        for command in result.commands:
            stock = command in {Command.RESERVE, Command.COMMIT, Command.RELEASE}
            (self.to_stock if stock else self.to_money).append(command)

    @precondition(lambda self: self.to_stock)
    @rule(willing=st.booleans())
    def product_works(self, willing: bool) -> None:
        reply = self.stock.handle(self.to_stock.pop(0), self.order, willing)
        if reply:
            self.from_stock.append(reply)

    @precondition(lambda self: self.to_money)
    @rule(willing=st.booleans())
    def payment_works(self, willing: bool) -> None:
        reply = self.money.handle(self.to_money.pop(0), willing)
        if reply:
            self.from_money.append(reply)

    @precondition(lambda self: self.from_stock)
    @rule(twice=st.booleans())
    def product_replies(self, twice: bool) -> None:
        reply = self.from_stock.pop(0)
        self.apply(reply)
        if twice:
            self.apply(reply)

    @precondition(lambda self: self.from_money)
    @rule(twice=st.booleans())
    def payment_replies(self, twice: bool) -> None:
        reply = self.from_money.pop(0)
        self.apply(reply)
        if twice:
            self.apply(reply)

    @rule(seconds=st.integers(1, 70))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def deadline_is_looked_at(self) -> None:
        self.apply(saga.DeadlineMet())

    @rule()
    def somebody_cancels(self) -> None:
        try:
            self.apply(saga.Cancel(None))
            assert self.order.status is Status.CANCELLED
        except NotCancellable:
            assert self.order.status is Status.REJECTED

    @invariant()
    def versions_have_no_gaps(self) -> None:
        assert self.versions == list(range(1, len(self.versions) + 1))
        assert self.order.version == self.versions[-1]

    @invariant()
    def an_end_is_never_left(self) -> None:
        if self.ended:
            assert self.order.status is self.ended
        if self.order.status in saga.ENDED:
            self.ended = self.order.status

    def teardown(self) -> None:
        """Lets everything in flight arrive; then the books must agree."""
        while self.to_stock or self.to_money or self.from_stock or self.from_money:
            if self.to_stock:
                reply = self.stock.handle(self.to_stock.pop(0), self.order, willing=True)
                self.from_stock += [reply] if reply else []
            if self.to_money:
                reply = self.money.handle(self.to_money.pop(0), willing=True)
                self.from_money += [reply] if reply else []
            for replies in (self.from_stock, self.from_money):
                if replies:
                    self.apply(replies.pop(0))
        self.books_agree()

    def books_agree(self) -> None:
        assert self.order.status in {Status.CONFIRMED, Status.REJECTED, Status.CANCELLED}
        assert not self.money.held
        if self.order.status is Status.CONFIRMED:
            assert (self.money.captured, self.money.refunded, self.stock.state) == (TOTAL, 0, "sold")
        else:
            assert self.money.captured == self.money.refunded
            assert self.stock.state in {"released", "refused"}
            assert self.order.payment is not saga.Payment.REVERSING


OrderLife.TestCase.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
TestOrderLife = OrderLife.TestCase

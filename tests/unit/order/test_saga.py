"""The life of an order, step by step."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.order.saga import (
    Authorized,
    Cancel,
    Captured,
    CaptureFailed,
    Command,
    DeadlineMet,
    Declined,
    Ignored,
    Impossible,
    Input,
    Line,
    NotCancellable,
    Order,
    Payment,
    Policy,
    Reason,
    Reserved,
    Reversed,
    Status,
    Step,
    StockRefused,
    decide,
    place,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POLICY = Policy()
TOTAL = 2599


def an_order() -> Order:
    order = Order(
        id=uuid4(),
        customer_id="c-1",
        contact_name="Ada",
        contact_email="ada@example.com",
        status=Status.PENDING,
        reason=None,
        version=1,
        lines=(Line(uuid4(), 2),),
        total=None,
        currency="EUR",
        expected_total=None,
        shipping_address={},
        payment=Payment.NONE,
        payment_token="pm_card_visa",
        created_at=NOW,
        updated_at=NOW,
        deadline_at=None,
    )
    return place(order, POLICY).order


def reserved(order: Order) -> Reserved:
    lines = tuple(replace(line, sku="S", name="N", unit_price=1) for line in order.lines)
    return Reserved(lines, TOTAL)


def after(order: Order, *inputs: Input, now: datetime = NOW) -> Order:
    for happened in inputs:
        order = step(order, happened, now).order
    return order


def step(order: Order, happened: Input, now: datetime = NOW) -> Step:
    result = decide(order, happened, now, POLICY)
    assert isinstance(result, Step), result
    return result


def in_status(status: Status) -> Order:
    order = an_order()
    path: dict[Status, list[Input]] = {
        Status.PENDING: [],
        Status.RESERVED: [reserved(order)],
        Status.AUTHORIZED: [reserved(order), Authorized()],
        Status.CONFIRMED: [reserved(order), Authorized(), Captured(TOTAL)],
        Status.REJECTED: [StockRefused(Reason.OUT_OF_STOCK, "")],
        Status.CANCELLED: [reserved(order), Cancel(None)],
    }
    if status in {Status.SHIPPED, Status.DELIVERED}:
        return replace(in_status(Status.CONFIRMED), status=status)
    return after(order, *path[status])


def test_a_placed_order_asks_for_stock_and_has_a_deadline() -> None:
    result = place(replace(an_order(), deadline_at=None), POLICY)
    assert result.commands == (Command.RESERVE,)
    assert result.order.version == 1
    assert result.order.deadline_at == NOW + POLICY.order


def test_the_happy_path_reserves_authorizes_captures_and_commits() -> None:
    order = an_order()
    first = step(order, reserved(order))
    assert (first.order.status, first.order.payment, first.commands) == (
        Status.RESERVED,
        Payment.PENDING,
        (Command.AUTHORIZE,),
    )
    assert first.order.total == TOTAL
    second = step(first.order, Authorized())
    assert (second.order.status, second.order.payment, second.commands) == (
        Status.AUTHORIZED,
        Payment.AUTHORIZED,
        (Command.CAPTURE,),
    )
    third = step(second.order, Captured(TOTAL))
    assert (third.order.status, third.order.payment, third.commands) == (
        Status.CONFIRMED,
        Payment.CAPTURED,
        (Command.COMMIT,),
    )
    assert [s.order.version for s in (first, second, third)] == [2, 3, 4]


def test_the_payment_token_is_erased_when_the_authorization_ends() -> None:
    assert in_status(Status.RESERVED).payment_token is not None
    for status in (Status.AUTHORIZED, Status.CONFIRMED, Status.REJECTED, Status.CANCELLED):
        assert in_status(status).payment_token is None


@pytest.mark.parametrize("reason", [Reason.UNKNOWN_PRODUCT, Reason.OUT_OF_STOCK, Reason.PRICE_CHANGED])
def test_refused_stock_rejects_and_needs_no_undoing(reason: Reason) -> None:
    result = step(an_order(), StockRefused(reason, "why"))
    assert (result.order.status, result.order.reason, result.commands) == (Status.REJECTED, reason, ())
    assert result.order.payment is Payment.NONE


@pytest.mark.parametrize("reason", [Reason.PAYMENT_DECLINED, Reason.PAYMENT_ACTION_REQUIRED])
def test_a_decline_rejects_and_gives_the_stock_back(reason: Reason) -> None:
    result = step(in_status(Status.RESERVED), Declined(reason, "no"))
    assert (result.order.status, result.order.reason) == (Status.REJECTED, reason)
    assert (result.order.payment, result.commands) == (Payment.DECLINED, (Command.RELEASE,))


def test_a_failed_capture_rejects_as_declined_and_gives_the_stock_back() -> None:
    result = step(in_status(Status.AUTHORIZED), CaptureFailed("gone"))
    assert (result.order.status, result.order.reason) == (Status.REJECTED, Reason.PAYMENT_DECLINED)
    assert result.commands == (Command.RELEASE,)


def test_without_stock_in_time_the_order_expires() -> None:
    result = step(an_order(), DeadlineMet(), NOW + POLICY.order)
    assert (result.order.reason, result.commands) == (Reason.EXPIRED, (Command.RELEASE,))
    assert result.order.payment is Payment.NONE


def test_without_an_authorization_in_time_the_payment_times_out_and_is_reversed() -> None:
    result = step(in_status(Status.RESERVED), DeadlineMet(), NOW + POLICY.authorization)
    assert result.order.reason is Reason.PAYMENT_TIMEOUT
    assert result.order.payment is Payment.REVERSING
    assert result.commands == (Command.REVERSE, Command.RELEASE)
    assert after(result.order, Reversed(refunded=False)).payment is Payment.VOIDED


def test_an_order_reserved_late_expires_at_its_own_deadline() -> None:
    order = an_order()
    late = after(order, reserved(order), now=NOW + timedelta(seconds=50))
    assert late.deadline_at == NOW + POLICY.order
    assert step(late, DeadlineMet(), NOW + POLICY.order).order.reason is Reason.EXPIRED


@pytest.mark.parametrize("status", [Status.AUTHORIZED, Status.CONFIRMED])
def test_no_deadline_applies_once_the_money_is_held(status: Status) -> None:
    order = in_status(status)
    assert order.deadline_at is None
    assert isinstance(decide(order, DeadlineMet(), NOW + timedelta(days=1), POLICY), Ignored)


def test_a_deadline_that_moved_does_not_end_the_order() -> None:
    assert isinstance(decide(in_status(Status.RESERVED), DeadlineMet(), NOW, POLICY), Ignored)


@pytest.mark.parametrize(
    ("status", "payment", "commands"),
    [
        (Status.PENDING, Payment.NONE, (Command.RELEASE,)),
        (Status.RESERVED, Payment.REVERSING, (Command.REVERSE, Command.RELEASE)),
        (Status.AUTHORIZED, Payment.REVERSING, (Command.REVERSE, Command.RELEASE)),
        (Status.CONFIRMED, Payment.REVERSING, (Command.REVERSE, Command.RELEASE)),
    ],
)
def test_a_cancellation_ends_the_order_at_once_and_undoes_what_there_is(
    status: Status, payment: Payment, commands: tuple[Command, ...]
) -> None:
    result = step(in_status(status), Cancel("changed my mind"))
    assert (result.order.status, result.order.payment, result.commands) == (Status.CANCELLED, payment, commands)
    assert "changed my mind" in result.detail


@pytest.mark.parametrize("status", [Status.REJECTED, Status.SHIPPED, Status.DELIVERED])
def test_an_order_whose_end_stands_is_not_cancellable(status: Status) -> None:
    with pytest.raises(NotCancellable):
        decide(in_status(status), Cancel(None), NOW, POLICY)


def test_cancelling_twice_changes_nothing() -> None:
    assert isinstance(decide(in_status(Status.CANCELLED), Cancel(None), NOW, POLICY), Ignored)


def test_a_refund_after_a_cancellation_shows_in_the_payment_without_a_new_version() -> None:
    order = after(in_status(Status.CONFIRMED), Cancel(None))
    result = step(order, Reversed(refunded=True))
    assert (result.order.payment, result.published) == (Payment.REFUNDED, False)
    assert result.order.version == order.version


@pytest.mark.parametrize("status", [Status.REJECTED, Status.CANCELLED])
def test_late_replies_to_an_ended_order_are_ignored_by_name(status: Status) -> None:
    order = in_status(status)
    late: list[Input] = [
        reserved(order),
        StockRefused(Reason.OUT_OF_STOCK, ""),
        Authorized(),
        Declined(Reason.PAYMENT_DECLINED, ""),
        Captured(TOTAL),
        CaptureFailed(""),
    ]
    for happened in late:
        assert isinstance(decide(order, happened, NOW, POLICY), Ignored)


def test_replies_told_twice_are_ignored() -> None:
    order = in_status(Status.CONFIRMED)
    for happened in (reserved(order), Authorized(), Captured(TOTAL)):
        assert isinstance(decide(order, happened, NOW, POLICY), Ignored)


def test_a_capture_of_another_amount_is_impossible() -> None:
    with pytest.raises(Impossible, match="captured 1"):
        decide(in_status(Status.AUTHORIZED), Captured(1), NOW, POLICY)


def test_a_reservation_of_other_lines_is_impossible() -> None:
    with pytest.raises(Impossible):
        decide(an_order(), Reserved((Line(uuid4(), 1),), 1), NOW, POLICY)


@pytest.mark.parametrize(
    ("status", "happened"),
    [
        (Status.PENDING, Authorized()),
        (Status.PENDING, Captured(TOTAL)),
        (Status.RESERVED, Captured(TOTAL)),
        (Status.RESERVED, StockRefused(Reason.OUT_OF_STOCK, "")),
        (Status.CONFIRMED, Declined(Reason.PAYMENT_DECLINED, "")),
        (Status.CONFIRMED, Reversed(refunded=True)),
    ],
)
def test_what_no_correct_partner_says_is_impossible(status: Status, happened: Input) -> None:
    with pytest.raises(Impossible):
        decide(in_status(status), happened, NOW, POLICY)

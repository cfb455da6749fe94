"""Each planted violation is found and named; a healthy platform shows none."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.invariants import messages, statements
from cli.invariants.feed import Feed
from cli.invariants.rows import (
    Delivery,
    Holds,
    Intent,
    Key,
    Level,
    Money,
    Notification,
    Order,
    Payment,
    Reservation,
    SetAside,
    Violation,
)

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
PAID = Order("o-1", "CONFIRMED", 4, 1000, "captured", CREATED)
CANCELLED = Order("o-1", "CANCELLED", 5, 1000, "refunded", CREATED)
TIMED_OUT = Order("o-1", "REJECTED", 3, 1000, "voided", CREATED)
CAPTURED = Payment("o-1", "captured", 1000, 0, pending=False)
REFUNDED = Payment("o-1", "refunded", 1000, 1000, pending=False)
TAKEN = Intent("pi_1", "o-1", False, 1000, 0, 1, 1, 1000, 0)
GIVEN_BACK = TAKEN._replace(refunded=1000, refunded_entries=1000)
SHELF = Level("KIT-1", on_hand=90, reserved=4, sold=6, adjusted=100, reserved_by_orders=4, sold_by_orders=6)
MESSAGE = Notification("o-1", "order_confirmed", sent=True, failed=False, unknown_answers=0, event_id="e-4")
MAIL = "<o-1.order_confirmed@mercato>"


def orders(*rows: Order) -> dict[str, Order]:
    return {row.id: row for row in rows}


def money(order: Order, payment: Payment | None, *intents: Intent) -> list[Violation]:
    payments = {payment.order_id: payment} if payment else {}
    return list(statements.money(orders(order), Money(payments, list(intents))))


def only(found: Iterable[Violation]) -> Violation:
    (violation,) = found
    return violation


def feed_of(*statuses: str, order_id: str = "o-1") -> Feed:
    feed = Feed()
    for version, status in enumerate(statuses, start=1):
        feed.add(order_id, version, status, f"e-{version}")
    return feed


# -- 1 --


def test_an_order_answered_but_missing_is_named() -> None:
    found = only(statements.existence(orders(PAID), [Key("c", "k", "o-1"), Key("c", "k2", "o-9")]))
    assert (found.statement, found.order_id) == (1, "o-9")


@pytest.mark.parametrize("status", ["PENDING", "RESERVED", "AUTHORIZED"])
def test_an_order_that_does_not_come_to_rest_is_named_with_its_status(status: str) -> None:
    found = only(statements.rest([PAID, PAID._replace(id="o-2", status=status)]))
    assert (found.statement, found.order_id) == (1, "o-2")
    assert status in found.detail


def test_a_reversal_that_never_ends_is_named() -> None:
    found = only(statements.rest([TIMED_OUT._replace(payment="reversing")]))
    assert (found.statement, found.order_id) == (2, "o-1")


# -- 2 --


@pytest.mark.parametrize(
    ("order", "payment", "intents"),
    [
        (PAID, CAPTURED, [TAKEN]),
        (PAID, CAPTURED, [TAKEN, TAKEN._replace(id="pi_0", captured=0, captures=0, captured_entries=0)]),
        (CANCELLED, REFUNDED, [GIVEN_BACK]),
        (TIMED_OUT, None, []),
        (TIMED_OUT._replace(payment="none", total=None), None, []),
        (TIMED_OUT, Payment("o-1", "voided", 0, 0, pending=False), [Intent("pi_1", "o-1", False, 0, 0, 1, 0, 0, 0)]),
    ],
)
def test_books_that_agree_are_no_violation(order: Order, payment: Payment | None, intents: list[Intent]) -> None:
    assert money(order, payment, *intents) == []


@pytest.mark.parametrize(
    ("order", "payment", "intents", "detail"),
    [
        (PAID, CAPTURED, [TAKEN._replace(captures=2)], "captured 2 times"),
        (PAID, CAPTURED, [TAKEN._replace(captured=900, captured_entries=900)], "captured 900, the total is 1000"),
        (PAID, CAPTURED._replace(captured=0), [], "captured 0 of 1000"),
        (CANCELLED, REFUNDED, [TAKEN], "keeps 1000 of 1000"),
        (TIMED_OUT, None, [Intent("pi_1", "o-1", True, 0, 0, 1, 0, 0, 0)], "still holds an authorization"),
        (PAID, CAPTURED._replace(refunded=10), [TAKEN], "payment says captured 1000 and refunded 10"),
        (PAID, None, [TAKEN], "payment says captured 0"),
        (PAID._replace(payment="refunded"), CAPTURED, [TAKEN], "shows refunded"),
        (PAID, CAPTURED, [TAKEN._replace(refunded_entries=500)], "entries add up to"),
        (CANCELLED, REFUNDED, [GIVEN_BACK._replace(refunded=1500, refunded_entries=1500)], "refunded 1500 of 1000"),
    ],
)
def test_money_that_is_wrong_is_named(
    order: Order, payment: Payment | None, intents: list[Intent], detail: str
) -> None:
    found = money(order, payment, *intents)
    assert {violation.statement for violation in found} == {2}
    assert any(detail in violation.detail for violation in found), found


def test_a_charge_of_no_order_is_named() -> None:
    found = only(statements.money({}, Money({}, [TAKEN])))
    assert (found.statement, found.order_id) == (2, "o-1")


def test_a_payment_that_was_only_created_is_no_violation_whoever_it_names() -> None:
    unconfirmed = Intent("pi_2", "o-1", False, 0, 0, 0, 0, 0, 0)
    assert money(PAID, CAPTURED, TAKEN, unconfirmed) == []
    assert list(statements.money({}, Money({}, [unconfirmed]))) == []


def test_a_hold_that_names_no_order_is_named() -> None:
    stray = Intent("pi_2", None, True, 0, 0, 1, 0, 0, 0)
    found = only(statements.money({}, Money({}, [stray])))
    assert (found.statement, found.order_id) == (2, None)
    assert "pi_2" in found.detail
    assert list(statements.money({}, Money({}, [stray._replace(held=False)]))) == []


def test_two_holds_at_once_are_named_also_when_both_have_been_given_up() -> None:
    found = only(statements.one_hold([Holds("o-1", 2), Holds("o-2", 1), Holds("o-3", 0)]))
    assert (found.statement, found.order_id) == (2, "o-1")
    assert "2 authorizations" in found.detail


@pytest.mark.parametrize(
    ("order", "payment", "detail"),
    [
        (PAID, CAPTURED, None),
        (CANCELLED, REFUNDED, None),
        (TIMED_OUT, None, None),
        (PAID, None, "payment captured 0 of 1000"),
        (PAID, CAPTURED._replace(captured=900), "payment captured 900, the total is 1000"),
        (CANCELLED, CAPTURED, "payment keeps 1000 of 1000"),
        (PAID._replace(payment="refunded"), CAPTURED, "shows refunded"),
    ],
)
def test_where_the_provider_has_no_ledger_to_read_payments_own_records_count(
    order: Order, payment: Payment | None, detail: str | None
) -> None:
    ledgers = Money({payment.order_id: payment} if payment else {}, None)
    found = list(statements.money(orders(order), ledgers))
    assert bool(found) is (detail is not None), found
    assert detail is None or any(detail in violation.detail for violation in found), found


def test_a_provider_call_that_waits_is_named_and_its_order_is_not_judged_yet() -> None:
    waiting = CAPTURED._replace(pending=True, captured=0)
    assert money(PAID, waiting, TAKEN) == []
    assert only(statements.unsettled([waiting])).statement == 2


# -- 3 --


def test_stock_that_adds_up_is_no_violation() -> None:
    assert list(statements.stock([SHELF])) == []


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"on_hand": 89}, "adjustments add up to 100"),
        ({"on_hand": -1, "adjusted": 9}, "below zero"),
        ({"reserved_by_orders": 3}, "orders reserve 3"),
        ({"sold_by_orders": 7}, "orders bought 7"),
    ],
)
def test_stock_that_does_not_add_up_is_named(changes: dict[str, Any], detail: str) -> None:
    found = only(statements.stock([SHELF._replace(**changes)]))
    assert (found.statement, found.order_id) == (3, None)
    assert "KIT-1" in found.detail
    assert detail in found.detail


@pytest.mark.parametrize(
    ("order", "state"),
    [(PAID, "reserved"), (PAID, "released"), (CANCELLED, "committed"), (TIMED_OUT, "reserved")],
)
def test_stock_that_is_not_where_the_order_is_is_named(order: Order, state: str) -> None:
    found = only(statements.reservations(orders(order), {"o-1": Reservation("o-1", state, 1000)}))
    assert (found.statement, found.order_id) == (3, "o-1")


def test_a_paid_order_without_a_reservation_and_a_reservation_without_an_order_are_named() -> None:
    found = list(statements.reservations(orders(PAID), {"o-9": Reservation("o-9", "reserved", 5)}))
    assert [(violation.statement, violation.order_id) for violation in found] == [(3, "o-1"), (3, "o-9")]


# -- 4 --


def test_a_feed_with_repeats_is_whole() -> None:
    feed = feed_of("PENDING", "RESERVED", "AUTHORIZED", "CONFIRMED")
    feed.add("o-1", 2, "RESERVED", "e-2")
    assert feed.violations == []
    assert list(feed.complete(orders(PAID))) == []


def test_a_gap_in_the_feed_is_named() -> None:
    feed = feed_of("PENDING")
    feed.add("o-1", 4, "CONFIRMED", "e-4")
    found = only(feed.violations)
    assert (found.statement, found.order_id) == (4, "o-1")
    assert "version 4 of the feed came right after version 1" in found.detail


def test_a_version_published_twice_is_named() -> None:
    feed = feed_of("PENDING")
    feed.add("o-1", 1, "PENDING", "another id")
    assert only(feed.violations).statement == 4


@pytest.mark.parametrize("statuses", [(), ("PENDING", "RESERVED")])
def test_a_committed_version_that_never_reached_the_feed_is_named(statuses: tuple[str, ...]) -> None:
    found = only(feed_of(*statuses).complete(orders(PAID)))
    assert (found.statement, found.order_id) == (4, "o-1")


def test_an_order_the_feed_knows_and_the_database_does_not_is_named() -> None:
    assert only(feed_of("PENDING").complete({})).statement == 1


def test_an_end_that_was_left_is_named_whether_the_feed_or_the_row_shows_it() -> None:
    in_feed = feed_of("PENDING", "REJECTED", "CONFIRMED")
    assert only(in_feed.violations).statement == 1
    in_row = feed_of("PENDING", "RESERVED", "REJECTED")
    assert only(in_row.complete(orders(PAID._replace(version=3)))).statement == 1


def test_a_feed_cut_off_by_retention_is_judged_from_there_on() -> None:
    feed = Feed()
    feed.cut_off(datetime(2026, 2, 1, tzinfo=UTC))
    feed.add("o-1", 3, "AUTHORIZED", "e-3")
    feed.add("o-1", 4, "CONFIRMED", "e-4")
    assert feed.violations == []
    assert list(feed.complete(orders(PAID, PAID._replace(id="o-0")))) == []


# -- 5 --


def test_one_message_and_one_mail_are_no_violation() -> None:
    feed = feed_of("PENDING", "RESERVED", "AUTHORIZED", "CONFIRMED")
    assert list(messages.one_notification(orders(PAID), feed, [MESSAGE], frozenset())) == []
    assert list(messages.one_mail([MESSAGE], Counter({MAIL: 1, "<x@elsewhere>": 3}))) == []


@pytest.mark.parametrize("told", [[], [MESSAGE, MESSAGE], [MESSAGE, MESSAGE._replace(kind="order_cancelled")]])
def test_messages_missing_repeated_or_undue_are_named(told: list[Notification]) -> None:
    feed = feed_of("PENDING", "RESERVED", "AUTHORIZED", "CONFIRMED")
    found = only(messages.one_notification(orders(PAID), feed, told, frozenset()))
    assert (found.statement, found.order_id) == (5, "o-1")


def test_an_order_cancelled_after_its_confirmation_has_both_messages() -> None:
    feed = feed_of("PENDING", "RESERVED", "AUTHORIZED", "CONFIRMED", "CANCELLED")
    both = [MESSAGE, MESSAGE._replace(kind="order_cancelled", event_id="e-5")]
    assert list(messages.one_notification(orders(CANCELLED), feed, both, frozenset())) == []
    assert only(messages.one_notification(orders(CANCELLED), feed, both[1:], frozenset())).statement == 5


def test_a_message_in_the_dead_letters_is_not_missed() -> None:
    feed = feed_of("PENDING", "RESERVED", "AUTHORIZED", "CONFIRMED")
    assert list(messages.one_notification(orders(PAID), feed, [], frozenset({"e-4"}))) == []
    failed = MESSAGE._replace(sent=False, failed=True)
    assert list(messages.one_notification(orders(PAID), feed, [failed], frozenset({"e-4"}))) == []
    assert only(messages.one_notification(orders(PAID), feed, [failed], frozenset())).statement == 6


@pytest.mark.parametrize("copies", [0, 2])
def test_a_mail_lost_or_repeated_is_named(copies: int) -> None:
    found = only(messages.one_mail([MESSAGE], Counter({MAIL: copies})))
    assert (found.statement, found.order_id) == (5, "o-1")


def test_a_repeat_after_a_lost_answer_is_allowed() -> None:
    assert list(messages.one_mail([MESSAGE._replace(unknown_answers=1)], Counter({MAIL: 2}))) == []


def test_a_mail_without_its_message_is_named() -> None:
    order_id = "0198b2f4-0000-7000-8000-000000000001"
    found = only(messages.one_mail([], Counter({messages.message_id(order_id, "order_confirmed"): 1})))
    assert (found.statement, found.order_id) == (5, order_id)


def test_a_mail_that_still_waits_is_named() -> None:
    assert only(messages.unsent([MESSAGE._replace(sent=False)])).statement == 2


@pytest.mark.parametrize("keys", [[], [Key("c", "k", "o-1"), Key("c", "k2", "o-1")]])
def test_an_order_without_exactly_one_key_is_named(keys: list[Key]) -> None:
    found = only(statements.one_order_per_key(keys, [PAID]))
    assert (found.statement, found.order_id) == (5, "o-1")


def test_an_order_charged_twice_is_named() -> None:
    found = only(statements.one_charge([TAKEN, TAKEN._replace(id="pi_2")]))
    assert (found.statement, found.order_id) == (5, "o-1")


# -- 6 --

DELIVERED = Delivery("order.replies", 0, 7, "order", b"o-1", "m-1")


@pytest.mark.parametrize(
    ("delivery", "inbox", "aside"),
    [
        (DELIVERED, {"order": {"m-1"}}, {}),
        (DELIVERED, {"order": set()}, {"order": SetAside(ids=frozenset({"m-1"}))}),
        (
            DELIVERED._replace(message_id=None),
            {"order": set()},
            {"order": SetAside(locations=frozenset({"order.replies/0/7"}))},
        ),
    ],
)
def test_what_took_effect_or_was_set_aside_is_no_violation(
    delivery: Delivery, inbox: dict[str, set[str]], aside: dict[str, SetAside]
) -> None:
    assert list(statements.unhandled([delivery], inbox, aside)) == []


@pytest.mark.parametrize("message_id", ["m-1", None])
def test_a_skipped_message_is_named(message_id: str | None) -> None:
    elsewhere = {"payment": SetAside(ids=frozenset({"m-1"}), locations=frozenset({"order.replies/0/7"}))}
    delivery = DELIVERED._replace(message_id=message_id)
    found = only(statements.unhandled([delivery], {"order": set()}, elsewhere))
    assert (found.statement, found.order_id) == (6, "o-1")
    assert "order.replies/0/7" in found.detail


def test_a_dead_letter_without_a_reason_is_named() -> None:
    found = only(statements.unexplained([("t.g.dead-letter/0/1", "o-1", ""), ("t.g.dead-letter/0/2", "o-1", "why")]))
    assert found.statement == 6

"""What always holds, of orders, money, stock and messages. Pure: rows in, violations out.

The numbers are those of `check.TITLES`; statement 4 is the business of `feed.py`.
Orders that are still moving are not judged; that they do not come to rest is named by `at_rest`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping

from cli.invariants.rows import (
    MOVING,
    PAID,
    UNDONE,
    Delivery,
    Holds,
    Intent,
    Key,
    Level,
    Money,
    Order,
    Payment,
    Reservation,
    SetAside,
    Violation,
)

# -- 1: every order answered exists and comes to rest -----------------------------------------------------------------


def existence(orders: Container[str], keys: Iterable[Key]) -> Iterator[Violation]:
    """Every order answered 2xx exists."""
    for key in keys:
        if key.order_id not in orders:
            yield Violation(1, key.order_id, "it was answered 202, but does not exist")


def rest(orders: Iterable[Order]) -> Iterator[Violation]:
    """For when waiting is over: what has not come to rest."""
    for order in orders:
        if order.status in MOVING:
            yield Violation(1, order.id, f"it has not come to rest: still {order.status}")
        elif not order.at_rest:
            yield Violation(2, order.id, f"it is {order.status}, but its payment is still {order.payment}")


# -- 2: the money -----------------------------------------------------------------------------------------------------


def unsettled(payments: Iterable[Payment]) -> Iterator[Violation]:
    """For when waiting is over: provider calls still due or without an answer."""
    for payment in payments:
        if payment.pending:
            yield Violation(2, payment.order_id, f"its payment is {payment.status} and still waits for the provider")


def money(orders: Mapping[str, Order], ledgers: Money) -> Iterator[Violation]:
    """Per order: one capture of exactly the total, nothing held or kept of what was undone, ledgers that agree."""
    by_order: dict[str, list[Intent]] = defaultdict(list)
    for intent in ledgers.intents or ():
        if intent.order_id is not None:
            by_order[intent.order_id].append(intent)
        elif intent.held:
            yield Violation(2, None, f"the provider's {intent.id} holds money and names no order")
        yield from _books(intent)
    for order in orders.values():
        known = ledgers.payments.get(order.id)
        if order.at_rest and not (known and known.pending):
            for detail in _order_money(order, ledgers, by_order.get(order.id, [])):
                yield Violation(2, order.id, detail)
    for order_id in by_order.keys() - orders.keys():
        if any(intent.authorizations or intent.held or intent.captured for intent in by_order[order_id]):
            yield Violation(2, order_id, "the provider holds a payment of an order that does not exist")
    for order_id in ledgers.payments.keys() - orders.keys():
        yield Violation(2, order_id, "the payment service has a payment of an order that does not exist")


def one_hold(holds: Iterable[Holds]) -> Iterator[Violation]:
    """At no time two open authorizations of an order, also when one of them has long been given up."""
    for order_id, most in holds:
        if most > 1:
            yield Violation(2, order_id, f"the provider held {most} authorizations for it at once")


def _books(intent: Intent) -> Iterator[Violation]:
    if (intent.captured, intent.refunded) != (intent.captured_entries, intent.refunded_entries):
        stated = f"captured {intent.captured} and refunded {intent.refunded}"
        booked = f"captured {intent.captured_entries} and refunded {intent.refunded_entries}"
        yield Violation(2, intent.order_id, f"provider's {intent.id} states {stated}, its entries add up to {booked}")


def _order_money(order: Order, ledgers: Money, intents: Collection[Intent]) -> Iterator[str]:
    known = ledgers.payments.get(order.id)
    captured, refunded = (known.captured, known.refunded) if known else (0, 0)
    if ledgers.intents is None:
        yield from _amounts(order, captured, refunded, "payment")
    else:
        yield from _ledger(order, intents, captured, refunded)
    shown = _shown(order, captured, refunded)
    if order.payment not in shown:
        yield f"its payment shows {order.payment}; captured {captured} and refunded {refunded} is {' or '.join(shown)}"


def _ledger(order: Order, intents: Collection[Intent], ours_captured: int, ours_refunded: int) -> Iterator[str]:
    """What the provider's ledger says of an order; `ours_…` are payment's own records of it."""
    captured, refunded = sum(i.captured for i in intents), sum(i.refunded for i in intents)
    captures = sum(i.captures for i in intents)
    if captures > 1:
        yield f"the provider captured {captures} times"
    yield from _amounts(order, captured, refunded, "the provider")
    if any(intent.held for intent in intents):
        yield f"it is {order.status}, but the provider still holds an authorization"
    if (ours_captured, ours_refunded) != (captured, refunded):
        yield (
            f"payment says captured {ours_captured} and refunded {ours_refunded}, "
            f"the provider's ledger captured {captured} and refunded {refunded}"
        )


def _amounts(order: Order, captured: int, refunded: int, who: str) -> Iterator[str]:
    if captured not in {0, order.total}:
        yield f"{who} captured {captured}, the total is {order.total}"
    if not 0 <= refunded <= captured:
        yield f"{who} refunded {refunded} of {captured} captured"
    if order.status in PAID and captured != order.total:
        yield f"it is {order.status}, but {who} captured {captured} of {order.total}"
    if order.status in UNDONE and refunded != captured:
        yield f"it is {order.status}, but {who} keeps {captured - refunded} of {captured} captured"


def _shown(order: Order, captured: int, refunded: int) -> tuple[str, ...]:
    """What `payment.status` may say of these amounts."""
    if captured == 0:
        return ("none", "voided", "declined") if order.status in UNDONE else ("none",)
    if refunded == 0:
        return ("captured",)
    return ("refunded",) if refunded == captured else ("partially_refunded",)


# -- 3: the stock -----------------------------------------------------------------------------------------------------


def stock(levels: Iterable[Level]) -> Iterator[Violation]:
    """Per product: nothing below zero, nothing lost, and reserved and sold are what the orders hold."""
    for level in levels:
        amounts = f"on hand {level.on_hand}, reserved {level.reserved}, sold {level.sold}"
        if min(level.on_hand, level.reserved, level.sold) < 0:
            yield Violation(3, None, f"product {level.sku}: below zero: {amounts}")
        if level.on_hand + level.reserved + level.sold != level.adjusted:
            yield Violation(3, None, f"product {level.sku}: {amounts}, but the adjustments add up to {level.adjusted}")
        if level.reserved != level.reserved_by_orders:
            yield Violation(3, None, f"product {level.sku}: {amounts}, but orders reserve {level.reserved_by_orders}")
        if level.sold != level.sold_by_orders:
            yield Violation(3, None, f"product {level.sku}: {amounts}, but orders bought {level.sold_by_orders}")


def reservations(orders: Mapping[str, Order], held: Mapping[str, Reservation]) -> Iterator[Violation]:
    """Per order: sold when it is paid, nothing held once it is undone."""
    for order in orders.values():
        reservation = held.get(order.id)
        state = reservation.state if reservation else "absent"
        if order.status in PAID:
            if state != "committed":
                yield Violation(3, order.id, f"it is {order.status}, but its stock is {state}, not committed")
            elif reservation and reservation.total != order.total:
                yield Violation(3, order.id, f"its total is {order.total}, product reserved for {reservation.total}")
        elif order.status in UNDONE and state in {"reserved", "committed"}:
            yield Violation(3, order.id, f"it is {order.status}, but its stock is still {state}")
    for order_id, reservation in held.items():
        if order_id not in orders and reservation.state in {"reserved", "committed"}:
            yield Violation(3, order_id, f"stock is {reservation.state} for an order that does not exist")


# -- 5: once ----------------------------------------------------------------------------------------------------------


def one_order_per_key(keys: Iterable[Key], fresh: Collection[Order]) -> Iterator[Violation]:
    """`fresh` are the orders young enough for their key to be kept: each came by exactly one key."""
    uses = Counter(key.order_id for key in keys)
    for order in fresh:
        if uses[order.id] != 1:
            yield Violation(5, order.id, f"{uses[order.id]} idempotency keys stand for it, not one")


def one_charge(intents: Iterable[Intent]) -> Iterator[Violation]:
    """The provider authorized each order at most once."""
    times: Counter[str] = Counter()
    for intent in intents:
        if intent.order_id is not None:
            times[intent.order_id] += intent.authorizations
    for order_id, count in times.items():
        if count > 1:
            yield Violation(5, order_id, f"its payment was authorized {count} times")


# -- 6: nothing is skipped --------------------------------------------------------------------------------------------


def unhandled(
    deliveries: Iterable[Delivery], inbox: Mapping[str, Container[str]], aside: Mapping[str, SetAside]
) -> Iterator[Violation]:
    """What a group has committed took effect (its id is in the group's inbox), or is set aside."""
    nothing = SetAside()
    for delivery in deliveries:
        known, group = delivery.message_id, delivery.group
        waits = aside.get(group, nothing)
        if known is not None and (known in inbox.get(group, ()) or known in waits.ids):
            continue
        if known is None and delivery.location in waits.locations:
            continue
        named = f"message {known}" if known else "a record without an id"
        detail = f"{named} at {delivery.location} was skipped by {group}: no effect, and no dead letter"
        yield Violation(6, delivery.key.decode(errors="replace") or None, detail)


def unexplained(letters: Iterable[tuple[str, str, str]]) -> Iterator[Violation]:
    """Each dead letter, given as (id, key, reason), says why it is one."""
    for letter, key, reason in letters:
        if not reason:
            yield Violation(6, key or None, f"dead letter {letter} names no reason")

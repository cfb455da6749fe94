"""Whatever order commands come in, and however often, no unit is lost, made up or sold twice."""

import contextlib
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.product.stock import (
    Command,
    Commit,
    Level,
    Money,
    NoReservationError,
    Product,
    Release,
    Reserve,
    State,
    Stockroom,
)

PRODUCTS = [UUID(int=n) for n in range(1, 5)]
ORDERS = [UUID(int=n) for n in range(100, 106)]

lines = st.lists(st.tuples(st.sampled_from(PRODUCTS), st.integers(1, 4)), min_size=1, max_size=3)
orders = st.sampled_from(ORDERS)
# One body per order, as one order has: what repeats is the command, not the wish.
wishes = st.fixed_dictionaries(dict.fromkeys(ORDERS, lines))
steps = st.lists(st.tuples(st.sampled_from(["reserve", "commit", "release"]), orders), max_size=60)
shelves = st.lists(st.integers(0, 6), min_size=len(PRODUCTS) - 1, max_size=len(PRODUCTS) - 1)

Wishes = dict[UUID, list[tuple[UUID, int]]]


def room(on_hand: list[int]) -> Stockroom:
    known = PRODUCTS[: len(on_hand)]  # the last one is unknown here
    products = {n: Product(n, str(n.int), f"Product {n.int}", Money(100 * n.int, "EUR")) for n in known}
    return Stockroom("EUR", products, dict(zip(known, map(Level, on_hand), strict=True)), {})


def command(kind: str, order: UUID, wanted: Wishes) -> Command:
    match kind:
        case "reserve":
            return Reserve(order, tuple(wanted[order]))
        case "commit":
            return Commit(order)
        case _:
            return Release(order)


def held(stock: Stockroom, product: UUID, state: State) -> int:
    rows = [row for row in stock.reservations.values() if row.state is state]
    return sum(line.quantity for row in rows for line in row.lines if line.product_id == product)


@settings(max_examples=300, deadline=None)
@given(shelves, wishes, steps)
def test_every_unit_is_on_hand_reserved_or_sold_and_belongs_to_the_orders_that_hold_it(
    on_hand: list[int], wanted: Wishes, commands: list[tuple[str, UUID]]
) -> None:
    stock = room(on_hand)
    for kind, order in commands:
        with contextlib.suppress(NoReservationError):
            stock.decide(command(kind, order, wanted))
        for product, seeded in zip(stock.products, on_hand, strict=True):
            level = stock.levels[product]
            assert min(level.on_hand, level.reserved, level.sold) >= 0
            assert level.on_hand + level.reserved + level.sold == seeded
            assert level.reserved == held(stock, product, State.RESERVED)
            assert level.sold == held(stock, product, State.COMMITTED)


@settings(max_examples=150, deadline=None)
@given(shelves, wishes, steps)
def test_repeating_any_command_changes_nothing_and_answers_the_same(
    on_hand: list[int], wanted: Wishes, commands: list[tuple[str, UUID]]
) -> None:
    once, twice = room(on_hand), room(on_hand)
    for kind, order in commands:
        step = command(kind, order, wanted)
        try:
            answer = once.decide(step)
        except NoReservationError:
            continue
        assert twice.decide(step) == answer
        assert twice.decide(step) == answer
        assert (once.levels, once.reservations) == (twice.levels, twice.reservations)


@settings(max_examples=150, deadline=None)
@given(shelves, wishes, st.permutations(["reserve", "release"]), orders)
def test_reserve_and_release_end_the_same_whichever_comes_first(
    on_hand: list[int], wanted: Wishes, kinds: list[str], order: UUID
) -> None:
    stock = room(on_hand)
    for kind in kinds:
        stock.decide(command(kind, order, wanted))
    assert [level.on_hand for level in stock.levels.values()] == on_hand
    assert stock.reservations[order].state in (State.RELEASED, State.TOMBSTONE, State.REFUSED)

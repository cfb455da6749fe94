"""What each stock command does to one order's reservation and to the levels."""

from uuid import UUID, uuid4

import pytest

from services.product.stock import (
    Commit,
    Level,
    Money,
    NoReservationError,
    Product,
    Reason,
    Release,
    Reservation,
    Reserve,
    State,
    Stockroom,
)

MUG, LAMP, GONE = UUID(int=1), UUID(int=2), UUID(int=3)


def room(mugs: int = 10, lamps: int = 10) -> Stockroom:
    products = {
        MUG: Product(MUG, "KIT-1", "Mug", Money(1500, "EUR")),
        LAMP: Product(LAMP, "LGT-1", "Lamp", Money(8000, "EUR")),
        GONE: Product(GONE, "OLD-1", "Retired", Money(100, "EUR"), active=False),
    }
    return Stockroom("EUR", products, {MUG: Level(mugs), LAMP: Level(lamps), GONE: Level(5)}, {})


def reserved(stock: Stockroom, order: UUID, *wanted: tuple[UUID, int], expected: Money | None = None) -> Reservation:
    answer = stock.decide(Reserve(order, wanted, expected))
    assert answer is not None
    return answer


def test_reserve_fixes_names_prices_and_total_and_takes_the_units_from_the_shelf() -> None:
    stock = room()
    answer = reserved(stock, uuid4(), (MUG, 2), (LAMP, 1))
    assert answer.state is State.RESERVED
    assert [(line.sku, line.name, line.quantity, line.unit_price.amount) for line in answer.lines] == [
        ("KIT-1", "Mug", 2, 1500),
        ("LGT-1", "Lamp", 1, 8000),
    ]
    assert answer.total == Money(11000, "EUR")
    assert stock.levels[MUG] == Level(8, 2, 0)
    assert stock.levels[LAMP] == Level(9, 1, 0)


def test_one_line_that_cannot_be_met_refuses_the_whole_order_and_names_the_product() -> None:
    stock = room(lamps=1)
    answer = reserved(stock, uuid4(), (MUG, 2), (LAMP, 2))
    assert (answer.state, answer.reason) == (State.REFUSED, Reason.OUT_OF_STOCK)
    assert "Lamp (LGT-1)" in (answer.detail or "")
    assert not stock.changed_levels


def test_lines_of_the_same_product_compete_with_each_other() -> None:
    stock = room(mugs=3)
    assert reserved(stock, uuid4(), (MUG, 2), (MUG, 2)).reason is Reason.OUT_OF_STOCK


@pytest.mark.parametrize("product", [GONE, UUID(int=99)])
def test_an_archived_or_unknown_product_is_refused(product: UUID) -> None:
    answer = reserved(room(), uuid4(), (MUG, 1), (product, 1))
    assert answer.reason is Reason.UNKNOWN_PRODUCT
    assert str(product) in (answer.detail or "")


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (Money(3000, "EUR"), None),
        (Money(2999, "EUR"), Reason.PRICE_CHANGED),
        (Money(3000, "USD"), Reason.PRICE_CHANGED),
    ],
)
def test_the_expected_total_is_held_against_the_real_one(expected: Money, reason: Reason | None) -> None:
    assert reserved(room(), uuid4(), (MUG, 2), expected=expected).reason is reason


def test_a_repeated_reserve_repeats_the_answer_and_takes_nothing() -> None:
    stock, order = room(), uuid4()
    first = reserved(stock, order, (MUG, 2))
    assert reserved(stock, order, (MUG, 2)) == first
    stock.decide(Commit(order))
    again = reserved(stock, order, (MUG, 2))
    assert (again.lines, again.total) == (first.lines, first.total)
    assert stock.levels[MUG] == Level(8, 0, 2)


def test_a_refusal_stays_even_when_stock_has_come() -> None:
    stock, order = room(mugs=0), uuid4()
    first = reserved(stock, order, (MUG, 1))
    stock.levels[MUG] = Level(5)
    assert reserved(stock, order, (MUG, 1)) == first


def test_commit_moves_reserved_to_sold_once() -> None:
    stock, order = room(), uuid4()
    reserved(stock, order, (MUG, 3))
    assert stock.decide(Commit(order)) is None
    stock.decide(Commit(order))
    assert stock.levels[MUG] == Level(7, 0, 3)


@pytest.mark.parametrize("committed", [False, True])
def test_release_brings_everything_back_once_and_for_good(committed: bool) -> None:
    stock, order = room(), uuid4()
    reserved(stock, order, (MUG, 3))
    if committed:
        stock.decide(Commit(order))
    for _ in range(2):
        assert stock.decide(Release(order)) is None
    stock.decide(Commit(order))
    assert stock.levels[MUG] == Level(10)
    assert stock.decide(Reserve(order, ((MUG, 3),))) is None
    assert stock.levels[MUG] == Level(10)


def test_a_release_that_comes_first_refuses_the_late_reserve_without_an_answer() -> None:
    stock, order = room(), uuid4()
    stock.decide(Release(order))
    assert stock.reservations[order].state is State.TOMBSTONE
    assert stock.decide(Reserve(order, ((MUG, 1),))) is None
    assert stock.levels[MUG] == Level(10)


def test_a_commit_without_a_reservation_is_an_error_and_changes_nothing() -> None:
    stock, order = room(mugs=0), uuid4()
    with pytest.raises(NoReservationError, match=str(order)):
        stock.decide(Commit(order))
    reserved(stock, order, (MUG, 1))
    with pytest.raises(NoReservationError):
        stock.decide(Commit(order))
    assert not stock.changed_levels


def test_fifty_orders_for_the_last_ten_give_exactly_ten() -> None:
    stock = room(mugs=10)
    answers = [reserved(stock, uuid4(), (MUG, 1)) for _ in range(50)]
    assert sum(answer.state is State.RESERVED for answer in answers) == 10
    assert sum(answer.reason is Reason.OUT_OF_STOCK for answer in answers) == 40
    assert stock.levels[MUG] == Level(0, 10, 0)

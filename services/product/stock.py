"""What happens to stock, decided one command at a time over levels that the caller has locked. No I/O.

A reservation is the story of one order:

    (unseen) ── reserve ──> RESERVED ── commit ──> COMMITTED
        │          │            └──── release ────> RELEASED <──── release ── COMMITTED
        │          └ cannot be met ─> REFUSED
        └─ release ──> TOMBSTONE    a late reserve finds it and takes nothing

Each command acts once per order, however often it comes. A repeated reserve repeats its first answer; after a release
it is not answered, because order sends a release only for an order that has already ended.
Units that were adjusted in are always somewhere: on hand + reserved + sold = the sum of the adjustments.
Amounts are integer minor units of the installation's currency.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"
    TOMBSTONE = "tombstone"
    REFUSED = "refused"


class Reason(StrEnum):
    UNKNOWN_PRODUCT = "unknown_product"
    OUT_OF_STOCK = "out_of_stock"
    PRICE_CHANGED = "price_changed"


@dataclass(frozen=True, slots=True)
class Money:
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Product:
    """What the catalog says of a product while its stock is locked."""

    id: UUID
    sku: str
    name: str
    price: Money
    active: bool = True


@dataclass(frozen=True, slots=True)
class Level:
    """Units of one product: on the shelf, promised to an order, sold."""

    on_hand: int = 0
    reserved: int = 0
    sold: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order with the name and price that the reservation fixed."""

    product_id: UUID
    sku: str
    name: str
    quantity: int
    unit_price: Money


@dataclass(frozen=True, slots=True)
class Reservation:
    """The state of one order's stock: `lines` and `total` once it was reserved, `reason` and `detail` when refused."""

    order_id: UUID
    state: State
    lines: tuple[Line, ...] = ()
    total: Money | None = None
    reason: Reason | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Reserve:
    order_id: UUID
    wanted: tuple[tuple[UUID, int], ...]
    expected_total: Money | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    order_id: UUID


@dataclass(frozen=True, slots=True)
class Release:
    order_id: UUID


Command = Reserve | Commit | Release


class NoReservationError(Exception):
    """A commit of an order that has no reservation: out of the saga's order, so a matter for a person."""


@dataclass(slots=True)
class Stockroom:
    """The locked products, levels and reservations that a batch of commands works on, and which of them it changed."""

    currency: str
    products: Mapping[UUID, Product]
    levels: dict[UUID, Level]
    reservations: dict[UUID, Reservation]
    changed_levels: set[UUID] = field(default_factory=set)
    changed_reservations: set[UUID] = field(default_factory=set)
    new_reservations: set[UUID] = field(default_factory=set)

    def decide(self, command: Command) -> Reservation | None:
        """Apply one command; the reservation to answer with, or None when no answer is due.

        Raises NoReservationError for a commit that no reserve came before.
        """
        match command:
            case Reserve():
                return self._reserve(command)
            case Commit():
                self._commit(command.order_id)
            case Release():
                self._release(command.order_id)
        return None

    def _reserve(self, command: Reserve) -> Reservation | None:
        seen = self.reservations.get(command.order_id)
        if seen is not None:
            return None if seen.state in (State.RELEASED, State.TOMBSTONE) else seen
        reservation = self._judge(command)
        for line in reservation.lines:
            self._move(line, on_hand=-1, reserved=+1)
        return self._record(reservation)

    def _judge(self, command: Reserve) -> Reservation:
        """All lines or none: the reservation as it will be recorded, nothing moved yet."""

        def refused(reason: Reason, detail: str) -> Reservation:
            return Reservation(command.order_id, State.REFUSED, reason=reason, detail=detail)

        for product_id, _ in command.wanted:
            known = self.products.get(product_id)
            if known is None or not known.active:
                return refused(Reason.UNKNOWN_PRODUCT, f"Product {product_id} is not for sale.")
        for product_id, quantity in _per_product(command.wanted).items():
            product, left = self.products[product_id], self.levels[product_id].on_hand
            if left < quantity:
                asked = f"{quantity} of {product.name} ({product.sku}) were ordered, {left} are left."
                return refused(Reason.OUT_OF_STOCK, asked)
        lines = tuple(self._line(product_id, quantity) for product_id, quantity in command.wanted)
        total = Money(sum(line.quantity * line.unit_price.amount for line in lines), self.currency)
        if command.expected_total is not None and command.expected_total != total:
            expected = command.expected_total
            changed = f"The total is {total.amount} {total.currency}, not {expected.amount} {expected.currency}."
            return refused(Reason.PRICE_CHANGED, f"{changed} Amounts are in minor units.")
        return Reservation(command.order_id, State.RESERVED, lines, total)

    def _line(self, product_id: UUID, quantity: int) -> Line:
        product = self.products[product_id]
        return Line(product.id, product.sku, product.name, quantity, product.price)

    def _commit(self, order_id: UUID) -> None:
        seen = self.reservations.get(order_id)
        if seen is None or seen.state is State.REFUSED:
            raise NoReservationError(f"Order {order_id} cannot be committed: it holds no reservation.")
        if seen.state is State.RESERVED:
            for line in seen.lines:
                self._move(line, reserved=-1, sold=+1)
            self._record(replace(seen, state=State.COMMITTED))

    def _release(self, order_id: UUID) -> None:
        seen = self.reservations.get(order_id)
        if seen is None:
            self._record(Reservation(order_id, State.TOMBSTONE))
            return
        if seen.state not in (State.RESERVED, State.COMMITTED):
            return
        held_in_sold = seen.state is State.COMMITTED
        for line in seen.lines:
            self._move(line, on_hand=+1, reserved=0 if held_in_sold else -1, sold=-1 if held_in_sold else 0)
        self._record(replace(seen, state=State.RELEASED))

    def _move(self, line: Line, *, on_hand: int = 0, reserved: int = 0, sold: int = 0) -> None:
        """Move the line's units; each argument is the sign they take in that column."""
        level = self.levels[line.product_id]
        self.levels[line.product_id] = Level(
            level.on_hand + on_hand * line.quantity,
            level.reserved + reserved * line.quantity,
            level.sold + sold * line.quantity,
        )
        self.changed_levels.add(line.product_id)

    def _record(self, reservation: Reservation) -> Reservation:
        if reservation.order_id not in self.reservations:
            self.new_reservations.add(reservation.order_id)
        self.reservations[reservation.order_id] = reservation
        self.changed_reservations.add(reservation.order_id)
        return reservation


def _per_product(wanted: Sequence[tuple[UUID, int]]) -> Counter[UUID]:
    quantities: Counter[UUID] = Counter()
    for product_id, quantity in wanted:
        quantities[product_id] += quantity
    return quantities

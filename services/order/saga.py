"""The life of an order: one state machine, no I/O. Whoever has read this file has read the business.

    PENDING ──reserved──▶ RESERVED ──authorized──▶ AUTHORIZED ──captured──▶ CONFIRMED ──▶ SHIPPED ──▶ DELIVERED
       │                     │                         │                       │
       └──── refused, declined, deadline ──▶ REJECTED ◀┘                       │
       └──────────────────── cancelled ────▶ CANCELLED ◀───────────────────────┘

Capture is the pivot: once it is asked for, no deadline ends the order, and only payment's word or a cancellation does.
Undoing is two commands that are always safe to send, `release` to product and `reverse` to payment: each undoes what
there is, now or when it comes to light later, so a late reply to an ended order needs no answer any more.

`decide(order, input, now, policy)` returns the `Step` to take, or `Ignored` for what comes too late or twice. It raises
`Impossible` for what no correct partner can say, and `NotCancellable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Status(StrEnum):
    PENDING = "PENDING"
    RESERVED = "RESERVED"
    AUTHORIZED = "AUTHORIZED"
    CONFIRMED = "CONFIRMED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


class Reason(StrEnum):
    """Why an order was REJECTED."""

    UNKNOWN_PRODUCT = "unknown_product"
    OUT_OF_STOCK = "out_of_stock"
    PRICE_CHANGED = "price_changed"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_ACTION_REQUIRED = "payment_action_required"
    PAYMENT_TIMEOUT = "payment_timeout"
    EXPIRED = "expired"


class Payment(StrEnum):
    NONE = "none"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    DECLINED = "declined"
    REVERSING = "reversing"


class Command(StrEnum):
    """What order asks of product and payment."""

    RESERVE = "reserve"
    COMMIT = "commit"
    RELEASE = "release"
    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    REVERSE = "reverse"


ENDED = frozenset({Status.REJECTED, Status.CANCELLED})
UNCANCELLABLE = frozenset({Status.REJECTED, Status.SHIPPED, Status.DELIVERED})
_CAPTURED = frozenset({Status.CONFIRMED, Status.SHIPPED, Status.DELIVERED})
_PAST_RESERVED = frozenset({Status.RESERVED, Status.AUTHORIZED, *_CAPTURED})
_PAST_AUTHORIZED = frozenset({Status.AUTHORIZED, *_CAPTURED})


@dataclass(frozen=True, slots=True)
class Line:
    """`sku`, `name` and `unit_price` (minor units) are None until product fixed them."""

    product_id: UUID
    quantity: int
    sku: str | None = None
    name: str | None = None
    unit_price: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order's state; amounts in minor units of `currency`, times in UTC."""

    id: UUID
    customer_id: str
    contact_name: str
    contact_email: str
    status: Status
    reason: Reason | None
    version: int
    lines: tuple[Line, ...]
    total: int | None
    currency: str
    expected_total: int | None
    shipping_address: dict[str, str | None]
    payment: Payment
    payment_token: str | None
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime | None


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an order may wait for its authorization, and altogether."""

    authorization: timedelta = timedelta(seconds=20)
    order: timedelta = timedelta(seconds=60)


# -- what can happen to an order --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reserved:
    """Product holds the stock and fixed the prices."""

    lines: tuple[Line, ...]
    total: int


@dataclass(frozen=True, slots=True)
class StockRefused:
    """Product took nothing."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Authorized:
    """Payment holds the money."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Payment got a definite no and holds nothing."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Captured:
    """Payment recorded the capture of `amount`."""

    amount: int


@dataclass(frozen=True, slots=True)
class CaptureFailed:
    """The capture failed for good; payment gives up the authorization itself."""

    detail: str


@dataclass(frozen=True, slots=True)
class Reversed:
    """Payment undid what there was."""

    refunded: bool


@dataclass(frozen=True, slots=True)
class DeadlineMet:
    """`deadline_at` has passed."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody who may asks for the end."""

    reason: str | None


Input = Reserved | StockRefused | Authorized | Declined | Captured | CaptureFailed | Reversed | DeadlineMet | Cancel

# -- what follows -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """The order afterwards, what to ask of the partners, and how the timeline tells it.

    `published`: whether the step is an event of its own, with the next version.
    """

    order: Order
    event: str
    detail: str
    commands: Sequence[Command] = ()
    published: bool = True


@dataclass(frozen=True, slots=True)
class Ignored:
    """Too late, or told before; nothing follows."""

    why: str


class Impossible(Exception):
    """No correct partner says this to an order in this state."""


class NotCancellable(Exception):
    """The order's end stands, or the parcel has left."""


def place(order: Order, policy: Policy) -> Step:
    """A new order: stock first."""
    pending = replace(order, deadline_at=order.created_at + policy.order)
    return Step(pending, "created", "Order received.", (Command.RESERVE,))


def decide(  # noqa: PLR0911, PLR0912 - one branch for each arrow of the picture
    order: Order, happened: Input, now: datetime, policy: Policy
) -> Step | Ignored:
    """What follows for `order`. Raises Impossible, NotCancellable."""
    match happened:
        case Cancel(reason):
            return _cancel(order, reason, now)
        case DeadlineMet():
            return _deadline(order, now, policy)
        case Reversed(refunded):
            return _reversed(order, refunded, now)
    if order.status in ENDED:
        return Ignored(f"order is {order.status}; whatever this was is undone by release and reverse")
    match happened, order.status:
        case Reserved(lines, total), Status.PENDING:
            return _reserved(order, lines, total, now, policy)
        case Reserved(), status if status in _PAST_RESERVED:
            return Ignored("told before")
        case StockRefused(reason, detail), Status.PENDING:
            return _reject(order, reason, detail, now)
        case Authorized(), Status.RESERVED:
            return _authorized(order, now)
        case Authorized(), status if status in _PAST_AUTHORIZED:
            return Ignored("told before")
        case Declined(reason, detail), Status.RESERVED:
            return _reject(order, reason, detail, now, Payment.DECLINED, Command.RELEASE)
        case Captured(amount), Status.AUTHORIZED:
            return _captured(order, amount, now)
        case Captured(), status if status in _CAPTURED:
            return Ignored("told before")
        case CaptureFailed(detail), Status.AUTHORIZED:
            return _reject(order, Reason.PAYMENT_DECLINED, detail, now, Payment.DECLINED, Command.RELEASE)
    raise Impossible(f"{type(happened).__name__} for an order that is {order.status}")


def _reserved(order: Order, lines: tuple[Line, ...], total: int, now: datetime, policy: Policy) -> Step:
    asked = {line.product_id: line.quantity for line in order.lines}
    if {line.product_id: line.quantity for line in lines} != asked:
        raise Impossible("the lines reserved are not the lines asked for")
    deadline = min(now + policy.authorization, order.created_at + policy.order)
    after = _next(order, Status.RESERVED, now, lines=lines, total=total, payment=Payment.PENDING, deadline_at=deadline)
    return Step(after, "reserved", "Stock is reserved and prices are fixed.", (Command.AUTHORIZE,))


def _authorized(order: Order, now: datetime) -> Step:
    after = _next(order, Status.AUTHORIZED, now, payment=Payment.AUTHORIZED, payment_token=None, deadline_at=None)
    return Step(after, "authorized", "Payment is authorized.", (Command.CAPTURE,))


def _captured(order: Order, amount: int, now: datetime) -> Step:
    if amount != order.total:
        raise Impossible(f"captured {amount}, but the total is {order.total}")
    after = _next(order, Status.CONFIRMED, now, payment=Payment.CAPTURED)
    return Step(after, "confirmed", "Payment is captured; the order is confirmed.", (Command.COMMIT,))


def _reject(
    order: Order,
    reason: Reason,
    detail: str,
    now: datetime,
    payment: Payment | None = None,
    *commands: Command,
) -> Step:
    after = _end(order, Status.REJECTED, now, payment or order.payment, reason)
    return Step(after, "rejected", detail, commands)


def _deadline(order: Order, now: datetime, policy: Policy) -> Step | Ignored:
    if order.deadline_at is None or now < order.deadline_at:
        return Ignored("the deadline no longer applies")
    if order.status is Status.PENDING:
        return _reject(order, Reason.EXPIRED, "Stock was not reserved in time.", now, Payment.NONE, Command.RELEASE)
    expired = order.deadline_at >= order.created_at + policy.order
    reason = Reason.EXPIRED if expired else Reason.PAYMENT_TIMEOUT
    detail = "Payment was not authorized in time."
    return _reject(order, reason, detail, now, Payment.REVERSING, Command.REVERSE, Command.RELEASE)


def _cancel(order: Order, reason: str | None, now: datetime) -> Step | Ignored:
    if order.status is Status.CANCELLED:
        return Ignored("cancelled before")
    if order.status in UNCANCELLABLE:
        raise NotCancellable(order.status)
    detail = f"Cancelled: {reason}" if reason else "Cancelled."
    if order.status is Status.PENDING:
        return Step(_end(order, Status.CANCELLED, now, Payment.NONE), "cancelled", detail, (Command.RELEASE,))
    after = _end(order, Status.CANCELLED, now, Payment.REVERSING)
    return Step(after, "cancelled", detail, (Command.REVERSE, Command.RELEASE))


def _reversed(order: Order, refunded: bool, now: datetime) -> Step | Ignored:
    if order.status not in ENDED:
        raise Impossible(f"a reversal for an order that is {order.status}")
    if order.payment is not Payment.REVERSING:
        return Ignored("told before")
    after = replace(order, payment=Payment.REFUNDED if refunded else Payment.VOIDED, updated_at=now)
    if refunded:
        return Step(after, "payment_refunded", "The payment was refunded.", published=False)
    return Step(after, "payment_voided", "Nothing was charged.", published=False)


def _end(order: Order, status: Status, now: datetime, payment: Payment, reason: Reason | None = None) -> Order:
    return _next(order, status, now, payment=payment, reason=reason, payment_token=None, deadline_at=None)


def _next(order: Order, status: Status, now: datetime, **changes: object) -> Order:
    moved = replace(order, status=status, version=order.version + 1, updated_at=max(now, order.updated_at))
    return replace(moved, **changes)  # type: ignore[arg-type]

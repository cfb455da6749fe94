"""What the checker reads, as plain rows. Ids are text, amounts integer minor units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

MOVING = frozenset({"PENDING", "RESERVED", "AUTHORIZED"})
PAID = frozenset({"CONFIRMED", "SHIPPED", "DELIVERED"})
UNDONE = frozenset({"REJECTED", "CANCELLED"})
FINAL = frozenset({"REJECTED", "CANCELLED", "DELIVERED"})
"""Never left."""
PAYMENT_MOVING = frozenset({"pending", "authorized", "reversing"})
"""As an order's `payment.status`: something is still to come."""


class Order(NamedTuple):
    """A row of the order service; `total` is None until the prices were fixed."""

    id: str
    status: str
    version: int
    total: int | None
    payment: str
    created_at: datetime

    @property
    def at_rest(self) -> bool:
        return self.status not in MOVING and self.payment not in PAYMENT_MOVING


class Key(NamedTuple):
    """An idempotency key of an order, and the order it was answered with."""

    caller: str
    key: str
    order_id: str


class Payment(NamedTuple):
    """What the payment service knows of an order's money; `pending`: a provider call is due or out."""

    order_id: str
    status: str
    captured: int
    refunded: int
    pending: bool


class Intent(NamedTuple):
    """A payment in the provider's ledger, with what its entries (the movements of money) add up to."""

    id: str
    order_id: str | None
    held: bool
    captured: int
    refunded: int
    authorizations: int
    captures: int
    captured_entries: int
    refunded_entries: int


class Holds(NamedTuple):
    """How many authorizations the provider held for an order at the same time, at the most."""

    order_id: str
    most: int


class Reservation(NamedTuple):
    """`state` is reserved, committed, released, tombstone or refused."""

    order_id: str
    state: str
    total: int | None


class Level(NamedTuple):
    """A product's stock beside what its moves and its reservations add up to."""

    sku: str
    on_hand: int
    reserved: int
    sold: int
    adjusted: int
    reserved_by_orders: int
    sold_by_orders: int


class Notification(NamedTuple):
    """A message to a customer; `unknown_answers` counts how often its mail may have gone out unacknowledged."""

    order_id: str
    kind: str
    sent: bool
    failed: bool
    unknown_answers: int
    event_id: str


class Delivery(NamedTuple):
    """A record below a group's committed offset: by then it had its effect, or it is set aside."""

    topic: str
    partition: int
    offset: int
    group: str
    key: bytes
    message_id: str | None

    @property
    def location(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class SetAside:
    """What is accounted for without an effect: in the dead letters, or waiting for another try.

    By message id: letters that are open or were discarded, and messages that wait; a replayed one has to take effect.
    By location: letters of records that have no id.
    """

    ids: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Money:
    """What payment and its provider say; `intents` is None where the provider's ledger cannot be read."""

    payments: Mapping[str, Payment]
    intents: list[Intent] | None


@dataclass(frozen=True, slots=True)
class Violation:
    """A statement (1 to 6) that does not hold; `order_id` is None where it is not about one order."""

    statement: int
    order_id: str | None
    detail: str

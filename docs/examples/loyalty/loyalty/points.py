"""Points that an order is worth. Pure: an order in, points out."""

from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

PAID: Final = frozenset({"CONFIRMED", "SHIPPED", "DELIVERED"})
"""Statuses in which the money is taken (docs/saga.md)."""


class _Part(BaseModel):
    # What the platform adds to its events later does not concern this service.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Money(_Part):
    """Integer minor units."""

    amount: int


class Refund(_Part):
    amount: Money
    status: str


class Order(_Part):
    """An order as the event shows it; without a total until its prices are fixed."""

    id: UUID
    version: int
    status: str
    customer_id: str
    total: Money | None
    refunds: tuple[Refund, ...] = ()


def points(order: Order, minor_units_per_point: int) -> int:
    """One for each whole unit that was paid and not given back."""
    if order.status not in PAID or order.total is None:
        return 0
    given_back = sum(refund.amount.amount for refund in order.refunds if refund.status == "succeeded")
    return max(0, order.total.amount - given_back) // minor_units_per_point

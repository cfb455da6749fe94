"""Amounts at the provider are what the currency and the provider's way of counting make of the order's total."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.chassis.messaging.messages import Message
from tests.contract.payment.parts import until
from tests.integration.payment.service import Service, authorize, capture, reverse


def authorize_of(amount: int, currency: str) -> Message:
    command = authorize()
    return replace(command, data={**command.data, "amount": {"amount": amount, "currency": currency}})


async def told(service: Service, order_id: UUID, kind: str) -> None:
    await until(lambda: kind in [given for given, _ in service.replies(order_id)])


@pytest.mark.parametrize(
    ("amount", "currency", "at_stripe"),
    [
        (500, "ISK", 50_000),
        (500, "UGX", 50_000),
        (500, "JPY", 500),
        (5_120, "KWD", 5_120),
        (150_000, "MGA", 1_500),
        (1_990, "HUF", 1_990),
        (1_990, "EUR", 1_990),
    ],
)
async def test_the_total_is_held_taken_and_given_back_exactly(
    service: Service, amount: int, currency: str, at_stripe: int
) -> None:
    command = authorize_of(amount, currency)
    order_id = UUID(command.key)
    await service.send(command)
    await told(service, order_id, "authorized")
    await service.send(capture(order_id))
    await told(service, order_id, "captured")
    [captured] = [data for kind, data in service.replies(order_id) if kind == "captured"]
    assert captured["amount"] == {"amount": amount, "currency": currency}
    await service.send(reverse(order_id))
    await told(service, order_id, "reversed")
    row = service.row(order_id)
    assert (row["captured"], row["refunded"]) == (amount, amount)
    assert service.entries(order_id) == [("authorize", at_stripe), ("capture", at_stripe), ("refund", at_stripe)]


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (5_124, "KWD"),
        (150_020, "MGA"),
        (100_000_000, "EUR"),
        (1_000_000, "ISK"),
        (0, "EUR"),
        (500, "XTS"),
    ],
)
async def test_what_the_provider_cannot_charge_is_declined_with_a_reason(
    service: Service, amount: int, currency: str
) -> None:
    command = authorize_of(amount, currency)
    order_id = UUID(command.key)
    await service.send(command)
    await told(service, order_id, "declined")
    [(_, data)] = service.replies(order_id)
    assert data["reason"] == "payment_declined"
    assert data["detail"]
    assert service.entries(order_id) == []
    assert service.row(order_id)["due_at"] is None

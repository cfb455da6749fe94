"""Rows that the release before left in flight, without an id: each is resolved without a second hold."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from services.chassis.runtime.ids import new_id
from services.payment.intents import Call, Operation, Payment
from services.payment.provider import StripeProvider
from tests.contract.payment import parts
from tests.contract.payment.parts import until
from tests.integration.payment.service import VISA, Service, Start, reverse

FAILED_AFTER = "pm_card_simulate_failed_confirm"


def leave(service: Service, status: str, *, token: str = VISA, attempt: int = 1, order_id: UUID | None = None) -> UUID:
    """A row as the former scheme wrote it; its lease is over."""
    order = order_id or new_id()
    with psycopg.connect(service.payment_url) as connection:
        connection.execute(
            """INSERT INTO payment (order_id, customer_id, amount, currency, goal, status, attempt, captured, refunded,
                   waits, token, claim, due_at)
               VALUES (%s, 'customer-1', 4200, 'EUR', 'authorize', %s, %s, 0, 0, 0, %s, %s, now() + interval '1 h')""",
            (order, status, attempt, token, uuid4()),
        )
    return order


def lease_over(service: Service, order_id: UUID) -> None:
    with psycopg.connect(service.payment_url) as connection:
        connection.execute("UPDATE payment SET due_at = now() WHERE order_id = %s", (order_id,))


async def formerly_called(simulator: str, order_id: UUID, token: str, **settings: Any) -> None:
    """The one call of the former scheme, made while its row was as `leave` leaves it."""
    payment = Payment(order_id, "customer-1", 4_200, "EUR", token=token)
    async with StripeProvider(parts.payment_settings(simulator, **settings)) as provider:
        await provider.call(Call(Operation.AUTHORIZE, payment))


@pytest.mark.parametrize("status", ["unanswered", "missing"])
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_call_in_flight_at_the_upgrade_holds_once(
    start: Start, simulator: str, status: str, arrived: bool
) -> None:
    service = await start()
    order_id = leave(service, status)
    if arrived:
        await formerly_called(simulator, order_id, VISA)
    lease_over(service, order_id)
    await until(lambda: [kind for kind, _ in service.replies(order_id)] == ["authorized"])
    assert service.entries(order_id) == [("authorize", 4200)]
    if not arrived:
        await formerly_called(simulator, order_id, VISA)  # it arrives after all
        assert service.entries(order_id) == [("authorize", 4200)]


@pytest.mark.parametrize("took_effect", [True, False])
@pytest.mark.parametrize("own_id", [True, False], ids=["an id of ours", "an id without a time"])
async def test_a_kept_error_at_the_upgrade_is_resolved_by_the_list(
    start: Start, simulator: str, took_effect: bool, own_id: bool
) -> None:
    service = await start()
    token = FAILED_AFTER if took_effect else "pm_card_simulate_flaky"
    order_id = leave(service, "failed", token=token, attempt=2, order_id=None if own_id else uuid4())
    await formerly_called(simulator, order_id, token)
    lease_over(service, order_id)
    await until(lambda: [kind for kind, _ in service.replies(order_id)] == ["authorized"])
    assert service.entries(order_id) == [("authorize", 4200)]


@pytest.mark.parametrize(
    ("status", "token", "called"),
    [
        ("unanswered", VISA, True),
        ("unanswered", VISA, False),
        ("failed", FAILED_AFTER, True),
        ("unanswered", "pm_card_simulate_timeout", True),
        ("new", VISA, False),
    ],
)
async def test_what_an_upgrade_finds_reversed_leaves_no_hold(
    start: Start, simulator: str, status: str, token: str, called: bool
) -> None:
    service = await start()
    order_id = leave(service, status, token=token, attempt=2 if status == "failed" else 1)
    if called:
        await formerly_called(simulator, order_id, token, provider_timeout_seconds=0.3)
    await service.send(reverse(order_id))
    lease_over(service, order_id)
    await until(lambda: [kind for kind, _ in service.replies(order_id)] == ["reversed"])
    assert max(service.open_holds(order_id)) <= 1
    assert service.open_holds(order_id)[-1] == 0
    await until(lambda: service.row(order_id)["due_at"] is None)

"""Commands in, money moved at the provider, replies out: on real databases."""

import asyncio
import time
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from services.chassis.messaging.unit import Unit
from services.payment import answers
from services.payment.answers import Answer
from services.payment.intents import Call, Operation
from tests.contract.payment.fake_provider import FakeProvider
from tests.contract.payment.parts import until
from tests.integration.payment.service import Service, Start, authorize, capture, reverse


def order_of(message: Any) -> UUID:
    return UUID(message.key)


async def replied(service: Service, order_id: UUID, *kinds: str) -> list[dict[str, Any]]:
    """Waits until exactly these replies are in the outbox."""
    await until(lambda: len(service.replies(order_id)) >= len(kinds))
    given = service.replies(order_id)
    assert [kind for kind, _ in given] == list(kinds)
    return [data for _, data in given]


async def test_an_order_is_authorized_and_captured(service: Service) -> None:
    command = authorize()
    order_id = order_of(command)
    await service.send(command)
    await replied(service, order_id, "authorized")
    assert service.row(order_id)["token"] is None
    await service.send(capture(order_id))
    _, data = await replied(service, order_id, "authorized", "captured")
    assert data == {"order_id": str(order_id), "amount": {"amount": 4200, "currency": "EUR"}}
    assert service.entries(order_id) == [("authorize", 4200), ("capture", 4200)]
    row = service.row(order_id)
    assert (row["due_at"], row["claim"], row["captured"]) == (None, None, 4200)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_visa_chargeDeclined", "payment_declined"),
        ("pm_card_authenticationRequired", "payment_action_required"),
        ("pm_unknown", "payment_declined"),
    ],
)
async def test_a_decline_is_told_and_nothing_is_held(service: Service, token: str, reason: str) -> None:
    command = authorize(token)
    await service.send(command)
    [data] = await replied(service, order_of(command), "declined")
    assert data["reason"] == reason
    assert service.entries(order_of(command)) == []


async def test_a_flaky_provider_is_tried_until_it_works(service: Service) -> None:
    command = authorize("pm_card_simulate_flaky")
    await service.send(command)
    await replied(service, order_of(command), "authorized")
    assert service.entries(order_of(command)) == [("authorize", 4200)]


async def test_a_hanging_provider_is_looked_up_until_reversed_and_holds_nothing(service: Service) -> None:
    command = authorize("pm_card_simulate_timeout")
    order_id = order_of(command)
    await service.send(command)
    await until(lambda: service.row(order_id)["status"] == "processing")
    await service.send(reverse(order_id))
    [data] = await replied(service, order_id, "reversed")
    assert data["outcome"] == "voided"
    assert service.entries(order_id) == [("authorize", 4200), ("void", 4200)]


async def test_a_reversal_during_the_hanging_call_voids_it(service: Service) -> None:
    command = authorize("pm_card_simulate_timeout")
    order_id = order_of(command)
    await service.send(command)
    await until(lambda: service.entries(order_id) == [("authorize", 4200)])
    await service.send(reverse(order_id))
    [data] = await replied(service, order_id, "reversed")
    assert data["outcome"] == "voided"
    assert service.entries(order_id) == [("authorize", 4200), ("void", 4200)]


async def test_a_reversal_before_anything_is_held_is_answered_at_once_and_leaves_nothing(service: Service) -> None:
    command = authorize()
    order_id = order_of(command)
    await service.send(command)
    await service.send(reverse(order_id))
    await replied(service, order_id, "reversed")
    await until(lambda: service.row(order_id)["due_at"] is None)
    assert service.open_holds(order_id)[-1] == 0
    assert service.unconfirmed(order_id) == 0


async def test_a_reversal_in_the_batch_of_the_capture_comes_first(service: Service) -> None:
    command = authorize()
    order_id = order_of(command)
    await service.send(command)
    await replied(service, order_id, "authorized")
    await service.send(capture(order_id), reverse(order_id))
    data = (await replied(service, order_id, "authorized", "reversed"))[-1]
    assert data["outcome"] == "voided"  # both in one batch: the capture had not begun
    assert service.entries(order_id) == [("authorize", 4200), ("void", 4200)]


async def test_a_reversal_of_what_was_captured_refunds_it(service: Service) -> None:
    command = authorize()
    order_id = order_of(command)
    await service.send(command)
    await replied(service, order_id, "authorized")
    await service.send(capture(order_id))
    await replied(service, order_id, "authorized", "captured")
    await service.send(reverse(order_id))
    data = (await replied(service, order_id, "authorized", "captured", "reversed"))[-1]
    assert data["outcome"] == "refunded"
    assert service.entries(order_id) == [("authorize", 4200), ("capture", 4200), ("refund", 4200)]


async def test_a_reversal_leaves_a_tombstone_for_the_late_authorize(service: Service) -> None:
    order_id = uuid4()
    await service.send(reverse(order_id))
    await service.send(authorize(order_id=order_id))
    await service.send(reverse(order_id))
    [data] = await replied(service, order_id, "reversed")
    assert data["outcome"] == "none"
    assert service.entries(order_id) == []
    assert service.row(order_id)["token"] is None


async def test_duplicate_commands_move_money_once(service: Service) -> None:
    command = authorize()
    order_id = order_of(command)
    await service.send(command, replace(command, id="again"))
    await replied(service, order_id, "authorized")
    await asyncio.gather(*(service.send(capture(order_id)) for _ in range(5)))
    await replied(service, order_id, "authorized", "captured")
    assert service.entries(order_id) == [("authorize", 4200), ("capture", 4200)]


async def test_hanging_orders_do_not_hold_up_the_others(start: Start) -> None:
    service = await start(provider_timeout_seconds=30.0, provider_brisk_concurrency=10, provider_slow_seconds=0.2)
    hanging = [authorize("pm_card_simulate_timeout") for _ in range(20)]
    good = [authorize() for _ in range(40)]
    await service.send(*hanging, *good)
    await until(lambda: service.answered() == {order_of(command) for command in good}, 20.0)


async def test_more_orders_than_places_wait_as_rows(start: Start) -> None:
    service = await start(provider_brisk_concurrency=3)
    commands = [authorize() for _ in range(30)]
    await service.send(*commands)
    for command in commands:
        await replied(service, order_of(command), "authorized")


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_call_lost_with_its_process_is_found_by_another(start: Start, carried_out: bool) -> None:
    fake = FakeProvider()
    lost = await start(_Lost(fake, carried_out), provider_timeout_seconds=0.1)
    command = authorize()
    order_id = order_of(command)
    await lost.send(command)
    await until(lambda: service_claimed(lost, order_id))
    other = await start(fake, provider_timeout_seconds=0.1)
    await replied(other, order_id, "authorized")
    assert [kind for intent in fake.of(order_id) for kind, _ in intent.entries] == ["authorize"]


class _Lost:
    def __init__(self, fake: FakeProvider, carried_out: bool) -> None:
        self._fake = fake
        self._carried_out = carried_out

    async def call(self, call: Call) -> Answer:
        if self._carried_out:
            self._fake.answer(call)
        await asyncio.Event().wait()
        raise AssertionError("never answers")


def service_claimed(service: Service, order_id: UUID) -> bool:
    return service.row(order_id)["claim"] is not None


async def test_two_replicas_share_the_work_without_a_second_effect(start: Start) -> None:
    first, second = await start(), await start()
    commands = [authorize() for _ in range(40)]
    await asyncio.gather(first.send(*commands[:20]), second.send(*commands[20:]))
    for command in commands:
        await replied(first, order_of(command), "authorized")
    await asyncio.gather(
        second.send(*(capture(order_of(command)) for command in commands[:20])),
        first.send(*(capture(order_of(command)) for command in commands[20:])),
    )
    for command in commands:
        await replied(first, order_of(command), "authorized", "captured")
        assert first.entries(order_of(command)) == [("authorize", 4200), ("capture", 4200)]


class _Refusing(FakeProvider):
    async def call(self, call: Call) -> Answer:
        if call.operation is Operation.CAPTURE:
            return answers.Rejected("the authorization has expired")
        return self.answer(call)


async def test_a_definite_capture_failure_is_told_and_voided(start: Start) -> None:
    fake = _Refusing()
    service = await start(fake)
    command = authorize()
    order_id = order_of(command)
    await service.send(command)
    await replied(service, order_id, "authorized")
    await service.send(capture(order_id))
    await replied(service, order_id, "authorized", "capture_failed")
    await until(lambda: service.row(order_id)["status"] == "voided")
    await service.send(reverse(order_id))
    data = (await replied(service, order_id, "authorized", "capture_failed", "reversed"))[-1]
    assert data["outcome"] == "voided"


async def test_nothing_is_called_before_its_intent_is_committed(start: Start) -> None:
    service = await start()
    command = authorize()

    def work(unit: Unit) -> None:
        service.handlers.on_commands(unit, [command])
        time.sleep(0.1)  # a call would have been made by now
        assert service.entries(order_of(command)) == []

    await service.commands.do(work)
    await replied(service, order_of(command), "authorized")


async def test_the_database_lost_in_between_loses_no_answer(start: Start, payment_server: str) -> None:
    service = await start()
    commands = [authorize() for _ in range(20)]
    await service.send(*commands)
    with psycopg.connect(payment_server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    for command in commands:
        await replied(service, order_of(command), "authorized")
        assert service.entries(order_of(command)) == [("authorize", 4200)]

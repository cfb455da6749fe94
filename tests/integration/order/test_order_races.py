"""An order meets several things at the same moment: whichever commits first wins, and the others see it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from services.chassis.http.idempotency import Key
from services.chassis.http.problems import Conflict
from services.chassis.http.tokens import Caller
from services.chassis.messaging.messages import Message
from services.chassis.messaging.messaging import Messaging
from services.chassis.runtime.ids import new_id
from services.chassis.storage.database import Database
from services.order import metrics
from services.order.handlers import Handlers
from services.order.saga import Line, Order, Payment, Status
from services.order.settings import OrderSettings
from tests.support.placing import ADDRESS
from tests.support.replicas import Replica

CUSTOMER = Caller("customer-1", "ann@shop.test", "Ann", frozenset({"customer"}))
EVENTS = """
SELECT headers->>'ce_type', (convert_from(payload, 'UTF8')::jsonb->>'version')::int FROM outbox
WHERE key = %s AND topic = 'order.events' ORDER BY id
"""
COMMANDS = "SELECT headers->>'ce_type' FROM outbox WHERE key = %s AND topic <> 'order.events' ORDER BY id"


@dataclass
class Process:
    """A replica of the service: what its API and its clock call, and what reads the replies."""

    handlers: Handlers
    replies: Replica


@pytest.fixture
async def processes(settings: OrderSettings, database: Database) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        started = []
        for _ in range(2):
            handlers = Handlers(settings, Messaging(settings, database))
            for resource in handlers.resources:
                await stack.enter_async_context(resource)
            started.append(Process(handlers, stack.enter_context(Replica(settings, handlers.on_replies))))
        yield started


def new_order() -> Order:
    now = datetime.now(UTC)
    return Order(
        id=new_id(), customer_id=CUSTOMER.subject, contact_name="Ann", contact_email="ann@shop.test",
        status=Status.PENDING, reason=None, version=1, lines=(Line(uuid4(), 2),), total=None, currency="EUR",
        expected_total=None, shipping_address=dict(ADDRESS), payment=Payment.NONE, payment_token="pm_card_visa",
        created_at=now, updated_at=now, deadline_at=None,
    )  # fmt: skip


async def placed(process: Process, count: int) -> list[Order]:
    orders = [new_order() for _ in range(count)]
    keys = [Key(CUSTOMER.subject, "/api/v1/orders", str(order.id), b"hash") for order in orders]
    answers = await asyncio.gather(
        *(process.handlers.place(o, key, f"/api/v1/orders/{o.id}") for o, key in zip(orders, keys, strict=True))
    )
    return [answer.order for answer in answers]


def reserved(order: Order) -> Message:
    line = {"sku": "MUG", "name": "Mug", "unit_price": {"amount": 500, "currency": "EUR"}}
    lines = [{"product_id": str(one.product_id), "quantity": one.quantity, **line} for one in order.lines]
    data = {"lines": lines, "total": {"amount": 1000, "currency": "EUR"}}
    return reply(order, "product.reserved", **data)


def reply(order: Order, kind: str, **data: Any) -> Message:
    return Message("order.replies", str(order.id), f"mercato.{kind}.v1", {"order_id": str(order.id), **data})


async def cancelled(process: Process, order: Order) -> bool:
    """Whether the cancellation won."""
    try:
        after = await process.handlers.cancel(order.id, CUSTOMER, "changed my mind")
    except Conflict:
        return False
    assert after.status is Status.CANCELLED
    return True


def story(sql: psycopg.Connection, order_id: UUID) -> list[str]:
    """What happened to the order: its timeline and its events tell the same, in the order of the versions."""
    timeline = [
        row[0] for row in sql.execute("SELECT event FROM timeline WHERE order_id = %s ORDER BY id", (order_id,))
    ]
    events = sql.execute(EVENTS, (str(order_id),)).fetchall()
    assert [version for _, version in events] == list(range(1, len(events) + 1))
    assert [kind.split(".")[2] for kind, _ in events] == timeline
    return timeline


def overdue(sql: psycopg.Connection) -> None:
    sql.execute("UPDATE orders SET deadline_at = now() - interval '1 second'")


async def test_a_cancellation_a_deadline_and_a_reply_at_once_end_an_order_once(
    processes: list[Process], sql: psycopg.Connection
) -> None:
    first, second = processes
    for _ in range(4):
        orders = await placed(first, 6)
        overdue(sql)
        *answers, _, _, _ = await asyncio.gather(
            *(cancelled(process, order) for order in orders for process in processes),
            first.handlers.end_overdue(),
            second.handlers.end_overdue(),
            second.replies.take([reserved(order) for order in orders]),
        )
        for order, won in zip(orders, zip(answers[::2], answers[1::2], strict=True), strict=True):
            told = story(sql, order.id)
            assert told in (
                ["created", "cancelled"],
                ["created", "rejected"],
                ["created", "reserved", "cancelled"],
            )
            assert won == ((True, True) if told[-1] == "cancelled" else (False, False))
            asked = [row[0].split(".")[2] for row in sql.execute(COMMANDS, (str(order.id),))]
            if "reserved" in told:
                assert asked == ["reserve", "authorize", "reverse", "release"]
            else:
                assert asked == ["reserve", "release"]


async def test_two_clocks_end_many_overdue_orders_once_each(processes: list[Process], sql: psycopg.Connection) -> None:
    orders = await placed(processes[0], 60)
    overdue(sql)
    await asyncio.gather(*(process.handlers.end_overdue() for process in processes for _ in range(3)))
    assert {tuple(story(sql, order.id)) for order in orders} == {("created", "rejected")}


async def test_the_same_replies_in_two_consumers_take_each_order_one_step(
    processes: list[Process], sql: psycopg.Connection
) -> None:
    orders = await placed(processes[0], 20)
    replies = [reserved(order) for order in orders]
    others = [reserved(order) for order in orders]  # said twice, under ids of their own
    await asyncio.gather(processes[0].replies.take(replies), processes[1].replies.take([*others[::-1], *replies[:5]]))
    assert {tuple(story(sql, order.id)) for order in orders} == {("created", "reserved")}


async def test_a_batch_that_read_an_order_before_its_cancellation_sees_it_in_the_end(
    processes: list[Process], settings: OrderSettings, sql: psycopg.Connection
) -> None:
    first, second = processes
    [order] = await placed(first, 1)
    loop = asyncio.get_running_loop()
    cancellations = 0

    def late(unit: Any, messages: list[Message]) -> None:
        nonlocal cancellations
        second.handlers.on_replies(unit, messages)
        if not cancellations:
            cancellations += 1
            cancel = asyncio.run_coroutine_threadsafe(cancelled(first, order), loop)
            assert cancel.result(20)

    with Replica(settings, late) as replica:
        assert await replica.take([reserved(order)]) == []
        assert replica.attempts == 2
    assert story(sql, order.id) == ["created", "cancelled"]
    assert sql.execute("SELECT count(*) FROM inbox").fetchone() == (1,)


async def test_a_reply_is_counted_as_ignored_once_and_only_where_it_is_new(processes: list[Process]) -> None:
    first, second = processes
    [order] = await placed(first, 1)
    told = reserved(order)
    await first.replies.take([told])
    counted = metrics.SAGA_IGNORED.labels(told.type, "RESERVED")
    before = counted._value.get()
    await first.replies.take([told])  # the inbox knows it
    assert counted._value.get() == before
    again = [reserved(order), told]  # tried in vain as if both were new
    await second.replies.take(again)
    assert counted._value.get() == before + 1

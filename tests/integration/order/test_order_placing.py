"""Many orders at once: each key makes one order, whichever replica it comes to."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import aiohttp
import psycopg
import pytest

from services.chassis.storage.database import Database
from services.order.admission.backlog import Backlog
from services.order.settings import OrderSettings
from tests.integration.order.conftest import service
from tests.support.issuer import TokenFor
from tests.support.placing import ADDRESS, ORDERS
from tests.support.serving import served

Answer = tuple[int, dict[str, Any], Mapping[str, str]]


class Customer:
    """Sends orders to whichever replica."""

    def __init__(self, doors: list[aiohttp.ClientSession], token: str) -> None:
        self.doors = doors
        self._token = token

    async def place(self, key: str, quantity: int = 1, door: int = 0) -> Answer:
        body = {
            "lines": [{"product_id": "00000000-0000-4000-8000-000000000001", "quantity": quantity}],
            "shipping_address": ADDRESS,
            "payment_method": {"type": "card", "token": "pm_card_visa"},
        }
        headers = {"authorization": f"Bearer {self._token}", "idempotency-key": key}
        async with self.doors[door].post(ORDERS, json=body, headers=headers) as answer:
            return answer.status, dict(await answer.json()), answer.headers


@pytest.fixture
async def customer(settings: OrderSettings, database: Database, token_for: TokenFor) -> AsyncIterator[Customer]:
    async with AsyncExitStack() as stack:
        doors = []
        for _ in range(2):
            app = service(settings, database, Backlog(settings, database))
            base = await stack.enter_async_context(served(app))
            doors.append(await stack.enter_async_context(aiohttp.ClientSession(base)))
        yield Customer(doors, token_for("customer-1", "customer", name="Ann", email="ann@shop.test"))


def replayed(answer: Answer) -> bool:
    return answer[2].get("idempotency-replayed") == "true"


@pytest.mark.parametrize("doors", [[0], [0, 1]], ids=["one replica", "two replicas"])
async def test_simultaneous_repeats_make_one_order_for_each_key(
    customer: Customer, sql: psycopg.Connection, doors: list[int]
) -> None:
    keys = [str(uuid4()) for _ in range(12)]
    asked = [(key, door) for _ in range(3) for key in keys for door in doors]
    answers = await asyncio.gather(*(customer.place(key, door=door) for key, door in asked))
    for key in keys:
        own = [answer for (asked_key, _), answer in zip(asked, answers, strict=True) if asked_key == key]
        assert {status for status, _, _ in own} == {202}
        assert len({body["id"] for _, body, _ in own}) == 1
        assert len({headers["location"] for _, _, headers in own}) == 1
        assert [replayed(answer) for answer in own].count(False) == 1
    assert sql.execute("SELECT count(*) FROM orders").fetchone() == (12,)
    assert sql.execute("SELECT count(*), count(DISTINCT key) FROM outbox WHERE topic = 'order.events'").fetchone() == (
        12,
        12,
    )


async def test_of_two_bodies_under_one_key_at_once_one_is_placed_and_the_other_refused(
    customer: Customer, sql: psycopg.Connection
) -> None:
    keys = [str(uuid4()) for _ in range(10)]
    asked = [(key, quantity, door) for key in keys for door in (0, 1) for quantity in (1, 2)]
    answers = await asyncio.gather(*(customer.place(*one) for one in asked))
    for key in keys:
        own = [(one[1], answer) for one, answer in zip(asked, answers, strict=True) if one[0] == key]
        placed = {body["lines"][0]["quantity"] for _, (status, body, _) in own if status == 202}
        assert len(placed) == 1
        for quantity, (status, body, _) in own:
            assert (status == 202) == (quantity in placed)
            assert status == 202 or (status, body["type"].rpartition("/")[2]) == (422, "invalid-fields")
        assert [replayed(answer) for _, answer in own].count(True) == 1
    assert sql.execute("SELECT count(*) FROM orders").fetchone() == (10,)


async def test_a_repeat_among_new_orders_keeps_none_of_them_from_being_placed(
    customer: Customer, sql: psycopg.Connection
) -> None:
    old = str(uuid4())
    _, first, _ = await customer.place(old)
    new = [str(uuid4()) for _ in range(20)]
    answers = await asyncio.gather(*(customer.place(key) for key in [*new[:10], old, *new[10:]]))
    assert {status for status, _, _ in answers} == {202}
    assert [replayed(answer) for answer in answers] == [False] * 10 + [True] + [False] * 10
    assert answers[10][1]["id"] == first["id"]
    assert sql.execute("SELECT count(*) FROM orders").fetchone() == (21,)


async def test_a_key_is_new_again_after_its_24_hours(customer: Customer, sql: psycopg.Connection) -> None:
    young, old = str(uuid4()), str(uuid4())
    _, first, _ = await customer.place(young)
    _, second, _ = await customer.place(old)
    sql.execute("UPDATE idempotency_key SET created_at = now() - interval '23 hours 59 minutes'")
    sql.execute("UPDATE idempotency_key SET created_at = now() - interval '24 hours 1 second' WHERE key = %s", (old,))
    again, anew, *repeats = await asyncio.gather(
        customer.place(young), *(customer.place(old, quantity=3, door=door) for door in (0, 1, 0))
    )
    assert (again[0], again[1]["id"], replayed(again)) == (202, first["id"], True)
    answers = [anew, *repeats]
    assert {status for status, _, _ in answers} == {202}
    assert {body["id"] for _, body, _ in answers}.isdisjoint({second["id"]})
    assert len({body["id"] for _, body, _ in answers}) == 1
    assert [replayed(answer) for answer in answers].count(False) == 1
    assert sql.execute("SELECT count(*) FROM orders").fetchone() == (3,)

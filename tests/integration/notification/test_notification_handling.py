import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from services.chassis.messaging.messages import InvalidMessage
from services.chassis.runtime.ids import new_id
from tests.support.order_events import order_event

if TYPE_CHECKING:
    from tests.integration.notification.conftest import Deliver

KINDS = "SELECT order_id::text, kind FROM notification ORDER BY kind"


async def test_each_end_of_an_order_is_told_and_its_steps_are_not(deliver: "Deliver", sql: psycopg.Connection) -> None:
    order = uuid4()
    steps = [order_event(step, order) for step in ("created", "reserved", "authorized", "confirmed", "cancelled")]
    await deliver(*steps)
    assert sql.execute(KINDS).fetchall() == [(str(order), "order_cancelled"), (str(order), "order_confirmed")]


async def test_the_same_event_twice_tells_once(deliver: "Deliver", sql: psycopg.Connection) -> None:
    event = order_event("confirmed")
    again = replace(event, id=str(new_id()))  # as after a loss of the inbox
    await deliver(event, again)
    await deliver(event)
    await deliver(again)
    await asyncio.gather(*(deliver(replace(event, id=str(new_id()))) for _ in range(5)))
    assert sql.execute("SELECT count(*) FROM notification").fetchone() == (1,)


@pytest.mark.parametrize("kind", ["confirmed", "of-next-year"])
async def test_an_event_that_cannot_be_told_of_leaves_nothing_of_its_batch(
    deliver: "Deliver", sql: psycopg.Connection, kind: str
) -> None:
    bad = order_event(kind)
    del bad.data["contact"]
    with pytest.raises(InvalidMessage):
        await deliver(order_event("confirmed"), bad)
    assert sql.execute("SELECT count(*) FROM notification").fetchone() == (0,)
    assert sql.execute("SELECT count(*) FROM inbox").fetchone() == (0,)

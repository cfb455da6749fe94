"""The checker is no ornament: a violation of each statement, planted by hand in the real stores, is found and named."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest

from cli.instance import Instance
from tests.end_to_end.platform_under_test import Platform
from tests.end_to_end.shop import Shop


@dataclass(frozen=True)
class Plant:
    """What is done to a database, and how it is undone; `{id}` is the order, `{product}` its product."""

    statement: int
    database: str
    harm: str
    undo: str
    names: str = "order"


PLANTS = {
    "an answered order is gone": Plant(
        1,
        "order",
        "UPDATE orders SET id = '{other}' WHERE id = '{id}'",
        "UPDATE orders SET id = '{id}' WHERE id = '{other}'",
    ),
    "money was kept": Plant(
        2,
        "simulator",
        "UPDATE payment_intent SET amount_received = amount_received - 1 WHERE order_id = '{id}'",
        "UPDATE payment_intent SET amount_received = amount_received + 1 WHERE order_id = '{id}'",
    ),
    "an order was held twice at once": Plant(
        2,
        "simulator",
        """INSERT INTO payment_intent (id, order_id, amount, currency, status)
               VALUES ('pi_planted', '{id}', 1, 'eur', 'canceled');
           INSERT INTO entry (id, payment_intent_id, kind, amount) OVERRIDING SYSTEM VALUE
               VALUES (-1, 'pi_planted', 'authorize', 1)""",
        "DELETE FROM entry WHERE id = -1; DELETE FROM payment_intent WHERE id = 'pi_planted'",
    ),
    "a hold was forgotten": Plant(
        2,
        "simulator",
        """INSERT INTO payment_intent (id, amount, currency, status, amount_capturable)
               VALUES ('pi_planted', 1, 'eur', 'requires_capture', 1)""",
        "DELETE FROM payment_intent WHERE id = 'pi_planted'",
        names="any",
    ),
    "stock came out of nowhere": Plant(
        3,
        "product",
        "UPDATE stock SET on_hand = on_hand + 1 WHERE product_id = '{product}'",
        "UPDATE stock SET on_hand = on_hand - 1 WHERE product_id = '{product}'",
        names="product",
    ),
    "a version never reached the feed": Plant(
        4,
        "order",
        "UPDATE orders SET version = version + 1 WHERE id = '{id}'",
        "UPDATE orders SET version = version - 1 WHERE id = '{id}'",
    ),
    "the confirmation was never sent": Plant(
        5,
        "notification",
        "UPDATE notification SET order_id = '{other}' WHERE order_id = '{id}'",
        "UPDATE notification SET order_id = '{id}' WHERE order_id = '{other}'",
    ),
    "a message was skipped": Plant(
        6,
        "payment",
        "UPDATE inbox SET message_id = 'x' || message_id",
        "UPDATE inbox SET message_id = substr(message_id, 2) WHERE message_id LIKE 'x%'",
        names="any",
    ),
    "an event that customers are told of was skipped": Plant(
        6,
        "notification",
        "UPDATE inbox SET message_id = 'x' || message_id",
        "UPDATE inbox SET message_id = substr(message_id, 2) WHERE message_id LIKE 'x%'",
        names="any",
    ),
}


@contextmanager
def planted(platform: Platform, plant: Plant, **names: str) -> Iterator[None]:
    url = Instance.find(platform.data).superuser_url(plant.database)
    for sql, after in ((plant.harm, False), (plant.undo, True)):
        if after:
            yield
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(sql.format(**names))


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
async def test_a_planted_violation_is_found_and_named(shop: Shop, platform: Platform, plant: Plant) -> None:
    customer, product = await shop.sign_up(), await shop.new_product(1)
    order = await shop.bought(customer, product["id"])
    await shop.messages(customer, 1)
    with planted(platform, plant, id=order["id"], other=str(uuid4()), product=product["id"]):
        found = await asyncio.to_thread(platform.mercato, "invariants", "--wait", "5")
    assert found.returncode == 1, found.stdout
    named = {"order": order["id"], "product": product["sku"], "any": ""}[plant.names]
    lines = found.stdout.splitlines()
    broken = [line for line in lines if line.startswith(f"{plant.statement}. ")]
    assert ["violated" in line for line in broken] == [True], found.stdout
    assert named in found.stdout
    result = await asyncio.to_thread(platform.invariants)
    assert result["ok"], result

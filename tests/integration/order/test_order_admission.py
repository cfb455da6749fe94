"""When more orders arrive than can be finished, the rest is sent away cheaply, and what was taken is still answered."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import psycopg
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from services.chassis.http.problems import OVERLOADED, TYPE_PREFIX
from services.chassis.messaging.messages import Message
from services.chassis.runtime.ids import new_id
from services.chassis.runtime.periodic import Periodic
from services.chassis.storage.database import Database
from services.order.admission.backlog import Backlog
from services.order.admission.gate import LONGEST_RETRY
from services.order.settings import OrderSettings
from tests.integration.order.conftest import service
from tests.support.asgi import post
from tests.support.issuer import TokenFor
from tests.support.placing import ADDRESS, ORDERS
from tests.support.ports import free_port
from tests.support.serving import served, until

BODY = {
    "lines": [{"product_id": str(uuid4()), "quantity": 1}],
    "shipping_address": ADDRESS,
    "payment_method": {"type": "card", "token": "pm_card_visa"},
}
ASKED = 100
"""Orders at once. Chance decides over each of them: of so many the share that is refused is sure."""
MOST_OF_THEM = 75


@dataclass
class Answer:
    status: int
    headers: Any
    body: dict[str, Any]


@dataclass
class Replica:
    """One process of the order service, and how a customer speaks to it."""

    http: aiohttp.ClientSession
    backlog: Backlog
    token: str

    async def place(self, key: str | None = None, body: Any = BODY, token: str = "") -> Answer:
        headers = {"authorization": f"Bearer {token or self.token}", "idempotency-key": key or str(uuid4())}
        async with self.http.post(ORDERS, json=body, headers=headers) as answer:
            return Answer(answer.status, answer.headers, dict(await answer.json()))

    async def state(self) -> dict[str, Any]:
        async with self.http.get("/readyz") as answer:
            assert answer.status == 200
            return dict((await answer.json())["admission"])

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """In the block it refuses, for payment says all the while that work waits for nine seconds."""

        async def refused() -> bool:
            answers = await asyncio.gather(*(self.place() for _ in range(ASKED)))
            return [answer.status for answer in answers].count(503) >= MOST_OF_THEM

        async with Periodic("payment", 0.05, self._fall_behind):
            await until(refused)
            yield

    async def _fall_behind(self) -> None:
        fall_behind(self.backlog)


def fall_behind(backlog: Backlog) -> None:
    for _ in range(10):
        backlog.heard([Message("order.replies", str(new_id()), "mercato.payment.captured.v1", {}, wait=9.0)])


def refusals(answers: Iterable[Answer]) -> int:
    return [answer.status for answer in answers].count(503)


@pytest.fixture
async def replica(http: aiohttp.ClientSession, backlog: Backlog, token_for: TokenFor) -> Replica:
    return Replica(http, backlog, token_for("customer-1", "customer", name="Ann", email="ann@shop.test"))


@pytest.fixture
async def another(settings: OrderSettings, database: Database, replica: Replica) -> AsyncIterator[Replica]:
    """A second process on the same database."""
    backlog = Backlog(settings, database)
    async with served(service(settings, database, backlog)) as base, aiohttp.ClientSession(base) as session:
        yield Replica(session, backlog, replica.token)


async def test_what_cannot_be_finished_in_time_is_a_503_that_says_when_and_leaves_nothing(
    replica: Replica, sql: psycopg.Connection
) -> None:
    async with replica.refusing():
        before = sql.execute("SELECT count(*) FROM orders").fetchall()
        answers = await asyncio.gather(*(replica.place() for _ in range(ASKED)))
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) >= MOST_OF_THEM
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.body["type"] == TYPE_PREFIX + "overloaded"
        assert 9 <= int(answer.headers["retry-after"]) <= LONGEST_RETRY
        assert OVERLOADED in answer.headers
    assert len({answer.headers["retry-after"] for answer in refused}) > 1, "all would come back at once"
    [(stored,)] = sql.execute("SELECT count(*) FROM orders").fetchall()
    assert stored - before[0][0] == ASKED - len(refused)


async def test_it_is_ready_and_tells_what_it_does_and_takes_all_again_once_nothing_waits(replica: Replica) -> None:
    assert (await replica.state())["state"] == "open"
    async with replica.refusing():
        state = await replica.state()
    assert state["state"] == "limited"
    assert state["wait_seconds"] == pytest.approx(9.0, abs=0.1)
    assert state["orders_per_second"] > 0

    async def open_again() -> bool:
        return bool((await replica.state())["state"] == "open")

    await until(open_again, 20)
    assert {(await replica.place()).status for _ in range(10)} == {202}


async def test_a_repeat_of_a_key_that_was_taken_gets_its_first_answer_from_every_replica(
    replica: Replica, another: Replica
) -> None:
    first = await replica.place("taken")
    assert first.status == 202
    for one in (replica, another):
        async with one.refusing():
            repeats = await asyncio.gather(*(one.place("taken") for _ in range(ASKED)))
        assert {answer.status for answer in repeats} == {202}
        assert {answer.headers["location"] for answer in repeats} == {first.headers["location"]}
        assert {answer.headers["idempotency-replayed"] for answer in repeats} == {"true"}


async def test_keys_that_another_customer_took_open_no_door(replica: Replica, token_for: TokenFor) -> None:
    keys = [str(uuid4()) for _ in range(ASKED)]
    taken = await asyncio.gather(*(replica.place(key) for key in keys))
    assert {answer.status for answer in taken} == {202}
    stranger = token_for("customer-2", "customer", name="Bob", email="bob@shop.test")
    async with replica.refusing():
        answers = await asyncio.gather(*(replica.place(key, token=stranger) for key in keys))
    assert refusals(answers) >= MOST_OF_THEM


async def test_a_key_whose_request_was_invalid_is_not_taken(replica: Replica) -> None:
    assert (await replica.place("free", {})).status == 422
    async with replica.refusing():
        answers = await asyncio.gather(*(replica.place("free", {}) for _ in range(ASKED)))
    assert refusals(answers) >= MOST_OF_THEM


async def test_without_a_key_a_request_is_refused_before_it_is_told_so(replica: Replica) -> None:
    headers = {"authorization": f"Bearer {replica.token}"}

    async def place() -> int:
        async with replica.http.post(ORDERS, json=BODY, headers=headers) as answer:
            return answer.status

    async with replica.refusing():
        statuses = Counter(await asyncio.gather(*(place() for _ in range(ASKED))))
    assert statuses[503] >= MOST_OF_THEM
    assert set(statuses) <= {400, 503}


async def test_while_the_database_is_away_a_request_is_refused_all_the_same(
    settings: OrderSettings, token_for: TokenFor
) -> None:
    away = settings.model_copy(update={"database_url": SecretStr(f"postgresql://order@127.0.0.1:{free_port()}/order")})
    async with Database(away) as lost:
        backlog = Backlog(away, lost)
        async with served(service(away, lost, backlog)) as base, aiohttp.ClientSession(base) as session:
            alone = Replica(session, backlog, token_for("customer-1", "customer", name="Ann", email="ann@shop.test"))
            async with alone.refusing():
                answers = await asyncio.gather(*(alone.place() for _ in range(ASKED)))
    assert {answer.status for answer in answers} == {503}
    slugs = Counter(answer.body["type"].removeprefix(TYPE_PREFIX) for answer in answers)
    assert slugs["overloaded"] >= MOST_OF_THEM


async def test_what_is_on_its_way_is_counted_for_all_replicas_together(replica: Replica, another: Replica) -> None:
    placed = await asyncio.gather(*(one.place() for one in (replica, another) for _ in range(10)))
    assert {answer.status for answer in placed} == {202}
    for one in (replica, another):
        await one.backlog.look()
        assert (one.backlog.way.under_way, one.backlog.way.begun) == (20, 20)
    for answer in placed[:5]:
        headers = {"authorization": f"Bearer {replica.token}"}
        async with replica.http.post(f"{answer.headers['location']}/cancellation", headers=headers) as cancelled:
            assert cancelled.status == 202
    await replica.backlog.look()
    assert (replica.backlog.way.under_way, replica.backlog.way.begun) == (15, 20)


async def test_where_nobody_orders_the_database_is_not_asked(settings: OrderSettings) -> None:
    away = settings.model_copy(update={"database_url": SecretStr(f"postgresql://order@127.0.0.1:{free_port()}/order")})
    async with Database(away) as lost:
        await Backlog(away, lost).look()


async def test_what_a_refusal_costs(
    app: Starlette, backlog: Backlog, token_for: TokenFor, record_testsuite_property: Callable[[str, object], None]
) -> None:
    token = token_for("customer-1", "customer", name="Ann", email="ann@shop.test")
    statuses: Counter[int] = Counter()

    async def place() -> None:
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
        statuses[(await post(app, ORDERS, b'{"lines": []}', headers)).status] += 1

    async with app.router.lifespan_context(app):
        while statuses[503] < 100:
            fall_behind(backlog)
            await asyncio.gather(*(place() for _ in range(10)))
        statuses.clear()
        used = time.process_time()
        for _ in range(40):
            fall_behind(backlog)
            await asyncio.gather(*(place() for _ in range(10)))
        used = time.process_time() - used
    assert statuses[503] > 350
    cost = 1000 * used / sum(statuses.values())
    record_testsuite_property("core-milliseconds of a refusal in this process, ten of them in 100 ms", round(cost, 3))

"""Readers of the catalogue: own writes show at once, others' soon, and 304 stands for no change alone."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis.http.app import application
from services.chassis.http.tokens import Tokens
from services.chassis.storage.database import Database
from services.product.api import Api
from services.product.settings import ProductSettings
from tests.integration.product.test_product_api import PRODUCTS, Headers, adjust, created, get
from tests.support.serving import served, until


@pytest.fixture
async def replica(
    product_settings: ProductSettings, database: Database, http: aiohttp.ClientSession
) -> AsyncIterator[aiohttp.ClientSession]:
    """A second service over the same database."""
    tokens = Tokens(product_settings)
    routes = Api(database, tokens, product_settings.currency).routes()
    app = application(product_settings, routes=routes, resources=[tokens])
    async with served(app) as base, aiohttp.ClientSession(base) as session:
        yield session


async def conditional(http: aiohttp.ClientSession, path: str, etag: str) -> tuple[int, str]:
    async with http.get(path, headers={"if-none-match": etag}) as answer:
        assert await answer.read() == b"" or answer.status == 200
        return answer.status, answer.headers["etag"]


async def tag(http: aiohttp.ClientSession, path: str) -> str:
    async with http.get(path) as answer:
        assert answer.headers["cache-control"] == "public, no-cache"
        return answer.headers["etag"]


async def test_a_writer_reads_what_was_written(http: aiohttp.ClientSession, admin: Headers) -> None:
    await get(http, PRODUCTS, q="anvil")
    product = await created(http, admin)
    path = f"{PRODUCTS}/{product['id']}"
    for on_hand in range(1, 11):
        assert (await adjust(http, admin, product["id"], 1)).status == 201
        assert (await get(http, path))["available"] == on_hand
        assert [item["available"] for item in (await get(http, PRODUCTS, q="anvil"))["items"]] == [on_hand]


async def test_another_replica_shows_a_write_within_the_bound(
    http: aiohttp.ClientSession, replica: aiohttp.ClientSession, admin: Headers
) -> None:
    product = await created(http, admin)
    path = f"{PRODUCTS}/{product['id']}"
    assert (await get(replica, path))["available"] == 0
    await adjust(http, admin, product["id"], 7)

    async def shown() -> bool:
        return bool((await get(replica, path))["available"] == 7)

    # Twice the bound: what is waited for beyond it is a busy machine.
    await until(shown, seconds=2.0)


async def test_a_304_hides_no_change_of_the_stock(http: aiohttp.ClientSession, admin: Headers) -> None:
    product = await created(http, admin)
    path = f"{PRODUCTS}/{product['id']}"
    for read in (path, f"{PRODUCTS}?q=anvil"):
        before = await tag(http, read)
        assert await conditional(http, read, before) == (304, before)
        await adjust(http, admin, product["id"], 3)
        status, after = await conditional(http, read, before)
        assert (status, after == before) == (200, False)


async def test_head_says_what_get_says(http: aiohttp.ClientSession, admin: Headers) -> None:
    product = await created(http, admin)
    path = f"{PRODUCTS}/{product['id']}"
    async with http.get(path) as got, http.head(path) as headed:
        for name in ("etag", "cache-control", "content-type", "content-length"):
            assert headed.headers[name] == got.headers[name]
    async with http.head(path, headers={"if-none-match": got.headers["etag"]}) as known:
        assert known.status == 304


async def test_many_answers_of_one_copy_have_each_their_own_trace(
    http: aiohttp.ClientSession, admin: Headers, spans: InMemorySpanExporter
) -> None:
    path = f"{PRODUCTS}/{(await created(http, admin))['id']}"

    async def trace() -> list[str]:
        async with http.get(path) as answer:
            return answer.headers.getall("x-trace-id")

    traces = await asyncio.gather(*(trace() for _ in range(20)))
    assert {len(each) for each in traces} == {1}
    assert len({each[0] for each in traces}) == 20


async def test_without_its_database_a_copy_serves_its_time_and_then_it_is_503(
    http: aiohttp.ClientSession, admin: Headers, database: Database
) -> None:
    path = f"{PRODUCTS}/{(await created(http, admin))['id']}"
    await get(http, path)
    await database._pool.close()

    async def refused() -> bool:
        async with http.get(path) as answer:
            assert answer.status in {200, 503}
            return answer.status == 503

    await until(refused, seconds=5.0)

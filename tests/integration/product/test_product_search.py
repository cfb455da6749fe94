"""Search among products on a real PostgreSQL: as people type it, by an index, and while versions change."""

from typing import Any

import aiohttp
import psycopg
import pytest
from psycopg.sql import SQL

from services.chassis.storage.database import Database
from services.chassis.texts import words
from services.product import repository, search
from services.product.search import give_all_words
from services.product.settings import ProductSettings
from tests.support.names import NAMES

PRODUCTS = "/api/v1/products"
Headers = dict[str, str]


async def _created(http: aiohttp.ClientSession, admin: Headers, sku: str, name: str, description: str = "") -> None:
    body = {
        "sku": sku,
        "name": name,
        "description": description,
        "category": "tools",
        "price": {"amount": 1999, "currency": "EUR"},
    }
    async with http.post(PRODUCTS, json=body, headers=admin) as answer:
        assert answer.status == 201, (name, await answer.text())
        made = await answer.json()
        assert (made["name"], made["description"]) == (name, description)


async def _found(http: aiohttp.ClientSession, q: str, **more: str) -> list[str]:
    """Names, the best first."""
    async with http.get(PRODUCTS, params={"q": q, "limit": "100", **more}) as answer:
        assert answer.status == 200, (q, await answer.text())
        return [item["name"] for item in (await answer.json())["items"]]


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("can", "Canvas Rucksack"),
        ("do", "Dotted Notebook A5"),
        ("A", "Arc Desk Lamp"),
        ("notebooks", "Dotted Notebook A5"),  # by its English stem
        ("rucksack canvas", "Canvas Rucksack"),
        ("„canvas“", "Canvas Rucksack"),
    ],
)
async def test_a_seeded_product_is_found_as_people_type_it(http: aiohttp.ClientSession, q: str, name: str) -> None:
    assert name in await _found(http, q)


async def test_every_name_of_a_product_is_found_by_itself(http: aiohttp.ClientSession, admin: Headers) -> None:
    for number, name in enumerate(NAMES):
        await _created(http, admin, f"N-{number}", name)
    lost = [name for name in NAMES if words.queries(name) and name not in await _found(http, name)]
    assert lost == []


async def test_words_are_found_in_any_form_and_only_together(http: aiohttp.ClientSession, admin: Headers) -> None:
    await _created(http, admin, "KX-71", "Ölkanne „Größe“ 0,55 l", "Für Öl, nicht für Essig. 日本の油差し")
    await _created(http, admin, "K-2", "Women’s T-Shirt", "«Soft»")
    for q in (
        "O\u0308lkanne",
        "olkanne",
        "ÖLK",
        "„Größe“",
        "grosse",
        "0.55",
        "kanne 0.55",
        "kx-71",
        "油差",
        "essig olkanne",
    ):
        expected = [] if q == "kanne 0.55" else ["Ölkanne „Größe“ 0,55 l"]
        assert await _found(http, q) == expected, q
    for q in ("women's", "womens", "ｔｓｈｉｒｔ", "T-shirt", "t shirt", "soft", "K2", "'soft' !"):
        assert await _found(http, q, category="tools") == ["Women’s T-Shirt"], q


@pytest.mark.parametrize(
    "q", ["!!!", "%", "_", "\\", "'", "''", ":*", "&|!()<->", "%' OR 1=1 --", "„“", "x" * 200, "東" * 200]
)
async def test_whatever_is_typed_is_answered_and_is_no_syntax(http: aiohttp.ClientSession, q: str) -> None:
    assert await _found(http, q) == []


@pytest.mark.parametrize(("q", "status"), [("x" * 201, 422), ("a%00b", 422), ("a%E2%80%A8b", 422), ("%FF", 200)])
async def test_a_query_that_is_no_text_is_refused(http: aiohttp.ClientSession, q: str, status: int) -> None:
    from yarl import URL  # noqa: PLC0415

    async with http.get(URL(f"{PRODUCTS}?q={q}", encoded=True)) as answer:
        assert answer.status == status


async def test_a_query_that_shows_nothing_asks_for_nothing(http: aiohttp.ClientSession) -> None:
    for q in ("", " ", "\u3000", "\u200b", "\u3164"):
        assert len(await _found(http, q)) == 60


@pytest.mark.parametrize("text", ["\u200b", "\u3164", "a\u2028b", "\u0301", "a\ufffeb"])
async def test_what_shows_nothing_or_is_no_text_is_refused_in_every_field(
    http: aiohttp.ClientSession, admin: Headers, text: str
) -> None:
    body: dict[str, Any] = {"sku": "X", "price": {"amount": 1, "currency": "EUR"}}
    body |= {"name": text, "description": text, "category": text}
    async with http.post(PRODUCTS, json=body, headers=admin) as answer:
        assert answer.status == 422
        pointers = [error["pointer"] for error in (await answer.json())["errors"]]
    assert pointers == ["/name", "/description", "/category"]


async def test_a_long_description_of_the_widest_characters_is_taken_and_searched(
    http: aiohttp.ClientSession, admin: Headers
) -> None:
    text = "".join(chr(0x20000 + number * 7) for number in range(5000))
    await _created(http, admin, "LONG", "Long", text)
    assert await _found(http, text[4900:]) == ["Long"]


OLD = """
WITH made AS (
INSERT INTO product (id, sku, name, description, category, price_amount, currency, image_url, status)
SELECT gen_random_uuid(), 'OLD-' || n, 'Ölkanne ' || n, '', 'tools', 100, 'EUR', '/x', 'active'
FROM generate_series(1, 1200) AS n RETURNING id
) INSERT INTO stock (product_id) SELECT id FROM made
"""


async def test_products_that_an_older_version_put_in_are_found_once_they_got_their_words(
    http: aiohttp.ClientSession, database: Database, product_settings: ProductSettings
) -> None:
    assert product_settings.database_url is not None
    with psycopg.connect(product_settings.database_url.get_secret_value(), autocommit=True) as sql:
        sql.execute(OLD)
        assert await _found(http, "olkanne 1199") == []
        await give_all_words(database)
        assert await _found(http, "olkanne 1199") == ["Ölkanne 1199"]
        # A later rule than the row's folds it anew.
        sql.execute("UPDATE product SET words = NULL, words_rule = 0 WHERE sku = 'OLD-7'")
        await give_all_words(database)
        assert (await _found(http, "old-7 olkanne 7"))[0] == "Ölkanne 7"
        assert sql.execute("SELECT DISTINCT words_rule FROM product").fetchall() == [(words.RULE,)]


async def test_the_search_among_many_products_goes_by_an_index(http: aiohttp.ClientSession, database: Database) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute(OLD.replace("1200", "10000"))
        await tx.connection.execute("UPDATE product SET words = ('''' || sku || ''':1A')::tsvector, words_rule = 1")
        await tx.connection.execute("ANALYZE product")
        query = search.asked("can")
        assert query is not None
        statement = SQL("EXPLAIN ") + repository.search_statement(query)
        values = {"category": None, "after": None, "limit": 21}
        plan = "\n".join(row[0] for row in await (await tx.connection.execute(statement, values)).fetchall())
        assert "product_words" in plan
        wordless = await tx.connection.execute("EXPLAIN SELECT id FROM product WHERE words_rule < 1 LIMIT 500")
        assert "product_words_rule" in "\n".join(row[0] for row in await wordless.fetchall())

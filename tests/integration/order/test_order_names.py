"""What a token or an address says of a person is kept as it is, and found by staff as they type it."""

import unicodedata
from collections.abc import Callable
from typing import Any

import aiohttp
import psycopg
import pytest

from services.chassis.storage.database import Database
from services.chassis.texts import words
from services.order import repository
from services.order.search import give_all_words, query_of
from tests.support.issuer import TokenFor
from tests.support.names import FORBIDDEN, NAMES, UNSEEN
from tests.support.placing import Desk


@pytest.fixture
def desk(http: aiohttp.ClientSession, token_for: TokenFor) -> Desk:
    return Desk(http, token_for)


async def test_every_name_is_the_contacts_and_the_addresses_as_it_was_typed(desk: Desk) -> None:
    lost = []
    for name in NAMES:
        order = await desk.placed(name, name=name, line1=name, city=name)
        address = order["shipping_address"]
        if {order["contact"]["name"], address["name"], address["line1"], address["city"]} != {name}:
            lost.append((name, order))
    assert lost == []


async def test_every_name_finds_its_order_in_whatever_form_it_is_typed(desk: Desk) -> None:
    orders = {name: (await desk.placed(name))["id"] for name in NAMES}
    forms: dict[str, Callable[[str], str]] = {
        "typed": str,
        "composed": lambda name: unicodedata.normalize("NFC", name),
        "decomposed": lambda name: unicodedata.normalize("NFD", name),
        "upper": str.upper,
        "lower": str.lower,
        "last word first": lambda name: " ".join(reversed(name.split())),
    }
    lost = []
    for name, order in orders.items():
        for form, change in forms.items():
            query = change(name)[:200]
            if words.queries(name) and order not in await desk.found(query):
                lost.append((form, name))
    assert lost == []


@pytest.mark.parametrize("name", [name for name in (*UNSEEN, *FORBIDDEN) if name])
async def test_what_shows_nothing_or_is_no_text_is_refused_in_an_address_by_its_pointer(desk: Desk, name: str) -> None:
    status, problem = await desk.place("Ann", name=name)
    assert status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/shipping_address/name"]


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("山田\u3000太郎", "山田\u3000太郎"),
        ("Ann\x00\r\nBcc: eve@else.test", "Ann   Bcc: eve@else.test"),
        ("half \ud800 of a pair", "half   of a pair"),
        ("\u200b\u3164", ""),
        ("x" * 5000, "x" * 200),
        ("4242 4242 4242 4242", ""),
        ({"given": "Ann"}, ""),
        (None, ""),
    ],
)
async def test_what_another_issuer_says_of_a_name_is_kept_as_far_as_it_is_text(
    desk: Desk, claim: Any, name: str
) -> None:
    assert (await desk.placed(claim))["contact"]["name"] == name


@pytest.mark.parametrize(
    ("claim", "address"),
    [
        ("ann@shop.test", "ann@shop.test"),
        (" Ann.O'Neil+x@Shop.Test ", "Ann.O'Neil+x@Shop.Test"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@mailhost", "ann@mailhost"),
    ],
)
async def test_an_address_that_mail_can_go_to_is_the_contacts(desk: Desk, claim: Any, address: str) -> None:
    assert (await desk.placed("Ann", claim))["contact"]["email"] == address


@pytest.mark.parametrize(
    "claim",
    [
        "änn@shop.test",
        "ann",
        "ann@",
        "@shop.test",
        "ann smith@shop.test",
        "a@b@c d",
        "a\x00@b.test",
        "",
        " ",
        None,
        ["a@b.c"],
    ],
)
async def test_an_address_that_no_mail_can_go_to_is_refused_at_the_door(desk: Desk, claim: Any) -> None:
    status, problem = await desk.place("Ann", claim)
    assert (status, problem["type"].rpartition("/")[2]) == (422, "invalid-fields")
    assert "token" in problem["detail"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lovelace", True),
        ("LOVE", True),
        ("lace", True),  # a part of a name, as of an address
        ("augusta ada", True),
        ("king@shop.test", True),
        ("KING@SHOP", True),
        ("@shop", True),
        ("ada.king", True),
        ("adaking", True),
        ("ada lovelace nobody", False),
        ("!!!", False),
        ("%", False),
        ("_", False),
        ("' | 'zzz':*", False),
        ("ada | lovelace", True),
        ("\\", False),
    ],
)
async def test_staff_find_an_order_by_any_part_of_each_word(desk: Desk, query: str, found: bool) -> None:
    order = await desk.placed("Augusta Ada Lovelace", "ada.king@shop.test")
    await desk.placed("Somebody Else", "else@elsewhere.example")
    assert await desk.found(query) == ([order["id"]] if found else [])


async def test_a_query_that_shows_nothing_asks_for_nothing(desk: Desk) -> None:
    order = await desk.placed("Ann")
    for query in ("", "\u3000", "\u200b \u3164"):
        assert await desk.found(query) == [order["id"]]


async def test_an_order_that_an_older_version_placed_is_found_once_it_got_its_words(
    desk: Desk, database: Database, sql: psycopg.Connection
) -> None:
    orders = [(await desk.placed(f"Zoë Old{number}"))["id"] for number in range(3)]
    sql.execute("DELETE FROM order_words")
    sql.execute("UPDATE orders SET words_rule = DEFAULT")
    assert await desk.found("zoe") == []
    await give_all_words(database)
    assert await desk.found("zoe") == orders[::-1]
    assert sql.execute("SELECT DISTINCT words_rule FROM orders").fetchall() == [(words.RULE,)]
    await give_all_words(database)


async def test_an_older_orders_endless_name_holds_up_no_other(
    desk: Desk, database: Database, sql: psycopg.Connection
) -> None:
    endless, other = await desk.placed("Ann"), await desk.placed("Zoë")
    name = "".join(chr(0x20000 + number % 0xA000) for number in range(100_000))
    sql.execute("UPDATE orders SET contact_name = %s WHERE id = %s", (name, endless["id"]))
    sql.execute("UPDATE orders SET words_rule = DEFAULT")
    await give_all_words(database)
    assert await desk.found("zoe") == [other["id"]]
    assert await desk.found(name[:20]) == [endless["id"]]


MANY = """
INSERT INTO orders (id, customer_id, contact_name, contact_email, status, version, lines, currency, shipping_address,
                    payment, created_at, updated_at, words_rule)
SELECT gen_random_uuid(), 'c', 'n', 'e', 'PENDING', 1, '[]', 'EUR', '{}', 'none', now(), now(), 1
FROM generate_series(1, 20000)
"""


def test_the_search_among_many_orders_goes_by_an_index(sql: psycopg.Connection) -> None:
    sql.execute(MANY)
    sql.execute(
        "INSERT INTO order_words SELECT id, ('''w' || (row_number() OVER ())::text || ''':1A')::tsvector FROM orders"
    )
    sql.execute("ANALYZE")
    search = f"{repository.FOUND} SELECT * FROM found"
    assert "order_words_by_word" in _plan(sql, search, query_of("w777"))
    assert "orders_without_words" in _plan(sql, f"SELECT id FROM orders WHERE words_rule < {words.RULE} LIMIT 500")


def _plan(sql: psycopg.Connection, statement: str, *values: str) -> str:
    return "\n".join(row[0] for row in sql.execute(f"EXPLAIN {statement}".encode(), values).fetchall())

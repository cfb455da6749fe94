"""Idempotency keys: one effect, whoever repeats, however simultaneously."""

import asyncio

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from services.chassis.http import idempotency
from services.chassis.http.idempotency import FirstAnswer, Key, claim, read_key
from services.chassis.http.problems import BadRequest, InvalidFields, NotFound
from services.chassis.messaging import inbox
from services.chassis.storage.database import Database
from services.chassis.storage.housekeeping import forgetting
from tests.support.bare import Bare


class Body(BaseModel):
    a: int
    b: str = "x"


def keyed(*keys: str, path: str = "/orders") -> Request:
    headers = [(b"idempotency-key", key.encode("latin-1")) for key in keys]
    return Request({"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""})


def key(text: str = "k", body: Body | None = None, *, caller: str = "c-1", path: str = "/orders") -> Key:
    return read_key(keyed(text, path=path), caller, body or Body(a=1))


@pytest.fixture
async def database(bare: Bare) -> Database:
    database = await bare.database()
    await database.execute("CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, place text)")
    return database


async def make(database: Database, key: Key, place: str = "/orders/1", *, fail: bool = False) -> FirstAnswer | None:
    async with database.transaction() as unit:
        first = await claim(unit.connection, key, 202, place)
        if first is None:
            await unit.connection.execute("INSERT INTO made (place) VALUES (%s)", (place,))
            if fail:
                raise NotFound("no such product")
        return first


async def made(database: Database) -> int:
    return len(await database.fetch("SELECT id FROM made"))


async def test_of_twenty_simultaneous_requests_one_takes_effect_and_the_others_get_its_answer(
    database: Database,
) -> None:
    answers = await asyncio.gather(*(make(database, key(), f"/orders/{number}") for number in range(20)))
    assert await made(database) == 1
    ((place,),) = await database.fetch("SELECT place FROM made")
    assert [answer for answer in answers if answer] == [FirstAnswer(202, place)] * 19


async def test_another_body_under_the_key_is_422(database: Database) -> None:
    await make(database, key())
    with pytest.raises(InvalidFields, match="another body"):
        await make(database, key(body=Body(a=2)))
    assert await made(database) == 1


async def test_the_same_parsed_body_is_the_same_however_it_was_written(database: Database) -> None:
    await make(database, key(body=Body.model_validate({"b": "x", "a": 1})))
    assert await make(database, key(body=Body.model_validate({"a": 1}))) == FirstAnswer(202, "/orders/1")


async def test_callers_paths_and_keys_are_apart(database: Database) -> None:
    for other in (key(), key("l"), key(caller="c-2"), key(path="/refunds")):
        assert await make(database, other) is None
    assert await made(database) == 4


async def test_a_refused_request_does_not_use_up_its_key(database: Database) -> None:
    with pytest.raises(NotFound):
        await make(database, key(), fail=True)
    assert await make(database, key()) is None
    assert await made(database) == 1


async def test_while_the_first_fails_a_waiting_repeat_takes_its_place(database: Database) -> None:
    answers = await asyncio.gather(
        *(make(database, key(), fail=number == 0) for number in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, NotFound) for answer in answers) <= 1
    assert await made(database) == 1


@pytest.mark.parametrize(("age", "effects"), [("23 hours 59 minutes", 1), ("24 hours 1 minute", 2)])
async def test_a_key_is_free_again_after_24_hours(database: Database, age: str, effects: int) -> None:
    await make(database, key())
    await database.execute("UPDATE idempotency_key SET created_at = now() - %s::interval", (age,))
    await make(database, key(body=Body(a=1)))
    assert await made(database) == effects


async def test_an_expired_key_is_claimed_once_by_simultaneous_requests(database: Database) -> None:
    await make(database, key())
    await database.execute("UPDATE idempotency_key SET created_at = now() - interval '2 days'")
    await asyncio.gather(*(make(database, key(body=Body(a=9))) for _ in range(10)))
    assert await made(database) == 2


async def test_housekeeping_forgets_what_is_old_in_chunks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.storage.housekeeping.CHUNK", 7)
    for age in ("1 hour", "2 days", "15 days"):
        await database.execute(
            "INSERT INTO idempotency_key SELECT 'c', '/', %s || n, '', 202, '', now() - %s::interval "
            "FROM generate_series(1, 20) n",
            (age, age),
        )
        await database.execute(
            "INSERT INTO inbox SELECT %s || n, now() - %s::interval FROM generate_series(1, 20) n", (age, age)
        )
    for statement in (inbox.FORGET, idempotency.FORGET):
        await forgetting(database, statement)._work()
    assert await database.fetch("SELECT count(*) FROM idempotency_key") == [(20,)]
    assert await database.fetch("SELECT count(*) FROM inbox") == [(40,)]


def test_a_missing_key_is_400() -> None:
    with pytest.raises(BadRequest, match="Idempotency-Key"):
        read_key(keyed(), "c-1", Body(a=1))


@pytest.mark.parametrize("text", ["", " ", "a b", "ü", "a" * 256, "a\x7f"])
def test_a_malformed_key_is_400(text: str) -> None:
    with pytest.raises(BadRequest, match="255 visible ASCII"):
        read_key(keyed(text), "c-1", Body(a=1))


def test_two_keys_are_400() -> None:
    with pytest.raises(BadRequest):
        read_key(keyed("a", "b"), "c-1", Body(a=1))


@pytest.mark.parametrize("text", ["a", "!~", "a" * 255])
def test_any_visible_ascii_is_a_key(text: str) -> None:
    assert key(text).key == text

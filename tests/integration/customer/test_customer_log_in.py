import asyncio
from collections.abc import Sequence

import aiohttp
import psycopg
import pytest
from argon2 import PasswordHasher

EMAIL, PASSWORD = "ann@shop.test", "correct horse"


@pytest.fixture(autouse=True)
async def ann(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/customers", json={"email": EMAIL, "name": "Ann", "password": PASSWORD}) as answer:
        assert answer.status == 201


async def _log_in(http: aiohttp.ClientSession, email: str, password: str) -> tuple[int, str, str | None]:
    async with http.post("/api/v1/tokens", json={"email": email, "password": password}) as answer:
        return answer.status, (await answer.json()).get("detail", ""), answer.headers.get("retry-after")


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(http: aiohttp.ClientSession) -> None:
    wrong = await _log_in(http, EMAIL, "wrong horse")
    assert wrong[0] == 401
    assert await _log_in(http, "nobody@shop.test", "wrong horse") == wrong


@pytest.mark.parametrize("email", [EMAIL, "nobody@shop.test"])
async def test_wrong_passwords_are_limited_for_known_and_unknown_emails(
    http: aiohttp.ClientSession, email: str
) -> None:
    assert [(await _log_in(http, email, "wrong horse"))[0] for _ in range(4)] == [401, 401, 401, 429]
    status, detail, retry_after = await _log_in(http, email.upper(), PASSWORD)
    assert status == 429
    assert retry_after is not None
    assert 1 <= int(retry_after) <= 30
    assert retry_after in detail


async def test_guesses_side_by_side_are_limited_too(http: aiohttp.ClientSession) -> None:
    answers = await asyncio.gather(*(_log_in(http, EMAIL, f"guess number {n}") for n in range(12)))
    assert [status for status, _, _ in answers].count(401) == 3
    assert {status for status, _, _ in answers} == {401, 429}


async def test_the_right_password_forgives_the_wrong_ones(http: aiohttp.ClientSession) -> None:
    for _ in range(3):
        assert (await _log_in(http, EMAIL, "wrong horse"))[0] == 401
        assert (await _log_in(http, EMAIL, PASSWORD))[0] == 200


async def test_after_the_wait_the_right_password_is_good_again(
    http: aiohttp.ClientSession, sql: psycopg.Connection
) -> None:
    for _ in range(4):
        await _log_in(http, EMAIL, "wrong horse")
    sql.execute("UPDATE wrong_password SET clears_at = clears_at - interval '31 seconds'")
    assert (await _log_in(http, EMAIL, PASSWORD))[0] == 200


async def test_a_hash_with_old_parameters_is_replaced_at_log_in(
    http: aiohttp.ClientSession, sql: psycopg.Connection
) -> None:
    old = PasswordHasher(1, 64, 1).hash(PASSWORD)
    sql.execute("UPDATE customer SET password_hash = %s WHERE email = %s", (old, EMAIL))
    assert (await _log_in(http, EMAIL, PASSWORD))[0] == 200
    assert _hashes(sql) != [old]
    assert (await _log_in(http, EMAIL, PASSWORD))[0] == 200


async def test_nonsense_is_answered_without_failing(http: aiohttp.ClientSession) -> None:
    assert (await _log_in(http, "x", "y"))[0] == 401
    assert (await _log_in(http, "nul\x00@shop.test", "y"))[0] == 422


def _hashes(sql: psycopg.Connection) -> Sequence[str]:
    return [row[0] for row in sql.execute("SELECT password_hash FROM customer WHERE email = %s", (EMAIL,))]
